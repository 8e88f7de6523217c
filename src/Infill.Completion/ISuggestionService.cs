using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Completion;

/// <summary>A place in a document → a suggestion, whoever's model makes the text. Any thread.</summary>
public interface ISuggestionService
{
    /// <summary>Completes when suggestions can be made.</summary>
    /// <exception cref="EngineException">They can't be: in a sentence that says why.</exception>
    Task ReadyAsync(CancellationToken cancellationToken);

    /// <summary>Streams a suggestion as it grows. The last item says why it ended; an empty text means 'nothing here'.</summary>
    /// <remarks>Generation stops when the shaper has all it will show, when a token is cancelled, or when the caller stops reading.</remarks>
    /// <exception cref="EngineException">The model can't be used.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before it could begin.</exception>
    IAsyncEnumerable<Suggestion> SuggestAsync(SuggestionRequest request, CancellationToken cancellationToken = default);

    /// <summary>Has the request's prompt computed, behind all that somebody waits for, so that a suggestion which needs it finds it cached.</summary>
    /// <returns>Whether it is now; false where something else was more urgent, where it was cancelled, and where there is no cache of ours.</returns>
    Task<bool> PrepareAsync(SuggestionRequest request, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>What the prompt at a place is made of.</summary>
    /// <exception cref="EngineException">The model can't be used.</exception>
    Task<PromptExplanation> ExplainAsync(SuggestionRequest request, CancellationToken cancellationToken);
}
