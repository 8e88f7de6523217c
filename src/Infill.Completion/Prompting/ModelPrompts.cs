using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>How an engine's model is prompted: the same for everybody who asks, as a template proves itself once. Any thread.</summary>
/// <param name="engine">Its model is prompted; its owner disposes it.</param>
/// <param name="options">How the template is settled.</param>
public sealed class ModelPrompts(CompletionEngine engine, TemplateOptions options)
{
    private readonly Lock _gate = new();
    private Task<PromptBuilder>? _prompts; // guarded by _gate; made when it is first waited for

    /// <summary>Completes when the model is loaded and its template settled.</summary>
    /// <exception cref="EngineException">The model could not be loaded, lacks the template's markers, or doesn't fill known gaps with it.</exception>
    public Task<PromptBuilder> ReadyAsync()
    {
        lock (_gate) return _prompts ??= TemplateSelection.SelectAsync(engine, options);
    }
}
