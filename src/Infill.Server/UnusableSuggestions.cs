using System.Runtime.CompilerServices;
using Infill.Completion;
using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Server;

/// <summary>Where the settings can't be followed: says why, whatever is asked.</summary>
internal sealed class UnusableSuggestions(EngineException reason) : ISuggestionService
{
    public Task ReadyAsync(CancellationToken cancellationToken) => Task.FromException(reason);

    public async IAsyncEnumerable<Suggestion> SuggestAsync(SuggestionRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await ReadyAsync(cancellationToken); // throws: when it is read, as everybody expects
        yield break;
    }

    public Task<PromptExplanation> ExplainAsync(SuggestionRequest request, CancellationToken cancellationToken) => Task.FromException<PromptExplanation>(reason);
}
