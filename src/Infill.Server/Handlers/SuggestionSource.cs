using System.Runtime.CompilerServices;
using Infill.Completion;
using Infill.Completion.Acceptance;
using Infill.Completion.Documents;
using Infill.Completion.Typing;
using Infill.Engine;
using Infill.Server.Context;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Handlers;

/// <summary>What both completion requests share: settings → request, and failures that the user has been told of already.</summary>
internal sealed class SuggestionSource(Session session, Lazy<CompletionService> completions, TypingThrough typing, SessionContext context, AcceptanceLedger ledger, ILogger logger)
{
    /// <summary>To choose among, for who asks by hand.</summary>
    private const int MostCandidates = 3;

    private int _hasTold; // 1 once a request that the model can't take was told of; any thread
    private volatile string? _lastFault;

    /// <summary>What is asked of a place, whoever asks and however urgently; null where nothing may be suggested.</summary>
    public SuggestionRequest? RequestAt(string uri, string language, SourceText text, int cursor, InfillSettings settings) =>
        !context.MaySuggestIn(uri) ? null : settings.RequestAt(text, cursor, Conversions.ToPromptPath(uri, session.Folders), language) with
        {
            Context = context.Choose(uri, text, cursor, settings.Prompt.ContextTokens),
            Repository = Conversions.ToRepositoryName(uri, session.Folders),
        };

    /// <summary>Streams a suggestion; the last item is the whole. Ends empty where suggestions are off or the model is not to be had.</summary>
    /// <param name="uri">The document.</param>
    /// <param name="language">LSP's identifier of its language.</param>
    /// <param name="text">Its text.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="isInvoked">Asked for by hand: then also where suggestions are off.</param>
    /// <param name="settings">As they were in the request's turn.</param>
    /// <param name="superseded">Cancelled by an edit.</param>
    /// <param name="cancelled">Cancelled by the client.</param>
    public async IAsyncEnumerable<Suggestion> SuggestAsync(
        string uri, string language, SourceText text, int cursor, bool isInvoked, InfillSettings settings, CancellationToken superseded, [EnumeratorCancellation] CancellationToken cancelled)
    {
        if (!settings.IsEnabledFor(language) && !isInvoked) yield break;
        if (RequestAt(uri, language, text, cursor, settings) is not { } place) yield break;
        var request = place with
        {
            Client = session.ClientName,
            Priority = isInvoked ? RequestPriority.Invoked : RequestPriority.Automatic,
            Candidates = isInvoked ? MostCandidates : 1,
            Deadline = settings.Deadline,
            Superseded = superseded,
        };

        await using var suggestions = typing.SuggestAsync(uri, request, settings.Typing, cancelled).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            Suggestion suggestion;
            try
            {
                if (!await suggestions.MoveNextAsync()) yield break;
                suggestion = suggestions.Current;
            }
            catch (EngineException e)
            {
                // A model that can't be loaded was told of then. What it can't take is told once: a line for every key would be in the way.
                var isNews = !completions.Value.ReadyAsync(CancellationToken.None).IsFaulted && Interlocked.Exchange(ref _hasTold, 1) == 0;
                logger.Log(isNews ? LogLevel.Warning : LogLevel.Debug, "No suggestion: {Reason}", e.Message);
                yield break;
            }

            if (suggestion.Usage is { } usage) ledger.Cost(language, usage.Prefill + usage.Decode);
            if (suggestion.Fault is { } fault && fault != _lastFault) logger.LogError("A suggestion failed: {Fault}", _lastFault = fault);
            yield return suggestion;
        }
    }
}
