using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>How the template of a model is settled.</summary>
public sealed record TemplateOptions
{
    /// <summary>The model's own one, on trust: for engine benchmarks.</summary>
    public static TemplateOptions Trusting { get; } = new();

    /// <summary>Named by the user; null leaves it to the model.</summary>
    public FimTemplate? Named { get; init; }

    /// <summary>Where proofs are remembered; null asks for none.</summary>
    public ProofMemory? Proofs { get; init; }

    /// <summary>Told, in a sentence, what the user should know of the choice.</summary>
    public Action<string> Warn { get; init; } = static _ => { };
}

/// <summary>Chooses a model's template, has it prove itself, and makes the prompt builder. Once for a model.</summary>
internal static class TemplateSelection
{
    /// <exception cref="EngineException">The model could not be loaded, lacks the template's markers, or doesn't fill known gaps with it.</exception>
    public static async Task<PromptBuilder> SelectAsync(CompletionEngine engine, TemplateOptions options)
    {
        var model = await engine.Ready.ConfigureAwait(false);
        var template = options.Named ?? FimTemplate.For(model);
        var prompts = new PromptBuilder(model, template);
        if (options.Named is { Order: FimOrder.PrefixOnly }) return prompts; // there is nothing to be trained on
        if (options.Named is not null)
        {
            options.Warn($"The template '{template.Name}' was named in the settings: whether {model.ModelName} was trained on it is not checked.");
        }
        else if (template.Order == FimOrder.PrefixOnly)
        {
            options.Warn($"The model {model.ModelName} has no fill-in-the-middle tokens: suggestions continue the text before the cursor, and know nothing of what follows it.");
        }
        else if (options.Proofs is { } proofs && !proofs.Holds(model, template))
        {
            if (!await TemplateProof.HoldsAsync(engine, prompts).ConfigureAwait(false)) throw new EngineException(Refusal(model, template));
            proofs.Remember(model, template);
        }

        return prompts;
    }

    private static string Refusal(IVocabulary model, FimTemplate template) =>
        $"{model.ModelName} was prompted as models of the family '{template.Name}' are, and did not fill gaps whose text is known: its suggestions would be worth nothing. " +
        "Choose a model that was trained to fill in the middle. If this one was, in another order, name that with the setting 'template' or --template; " +
        "'prefix-only' continues the text before the cursor.";
}
