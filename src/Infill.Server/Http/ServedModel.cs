using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Settings;

namespace Infill.Server.Http;

/// <summary>The engine as requests over HTTP use it: prompts of text or of the two texts around a cursor. Any thread.</summary>
internal sealed class ServedModel(CompletionEngine engine, InfillSettings settings)
{
    /// <summary>No token of code stands for more, so that what is longer need not be tokenized to be refused.</summary>
    private const int MostCharactersPerToken = 64;

    private PromptBuilder? _prompts; // two threads may both make it, with the same result

    public CompletionEngine Engine => engine;

    public InfillSettings Settings => settings;

    /// <summary>The model's own name, or its file's.</summary>
    public string Name => engine.Vocabulary?.ModelName is { Length: > 0 } name ? name : Path.GetFileNameWithoutExtension(settings.ModelPath);

    /// <exception cref="ApiException">The model could not be loaded.</exception>
    public async Task<IVocabulary> VocabularyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await engine.Ready.WaitAsync(cancellationToken);
        }
        catch (EngineException e)
        {
            throw ApiException.Unavailable(e.Message);
        }
    }

    /// <summary>Tokens of a prompt that was written out, special ones as they are spelled.</summary>
    /// <exception cref="ApiException">It is longer than the model can take.</exception>
    public void Tokenize(IVocabulary vocabulary, string text, List<int> tokens)
    {
        if (text.Length > engine.MaxSequenceTokens * MostCharactersPerToken)
        {
            throw ApiException.TooLong($"The prompt has {text.Length} characters; the context has {engine.MaxSequenceTokens} tokens.");
        }

        vocabulary.TokenizeMarked(text, tokens);
    }

    /// <summary>The prompt for a cursor between two texts, as the editors' own requests have it.</summary>
    /// <exception cref="ApiException">The model was not trained for it.</exception>
    public async Task<IReadOnlyList<int>> AroundCursorAsync(string prefix, string suffix, int maxTokens, CancellationToken cancellationToken)
    {
        var vocabulary = await VocabularyAsync(cancellationToken);
        var prompts = _prompts ??= new PromptBuilder(vocabulary, settings.Template ?? FimTemplate.For(vocabulary));
        if (prompts.Template.Template.Order == FimOrder.PrefixOnly)
        {
            throw ApiException.NotSupported("Infill is not supported by this model: it has no fill-in-the-middle tokens.");
        }

        var room = engine.MaxSequenceTokens - maxTokens - prompts.Template.MaxOverhead(FileNames.None);
        return prompts.Build(SourceText.From(prefix + suffix), prefix.Length, "", settings.Prompt.Within(room));
    }
}
