using System.Runtime.CompilerServices;
using Infill.Completion;
using Infill.Completion.Acceptance;
using Infill.Completion.Typing;
using Infill.Engine;
using Infill.Server.Context;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Handlers;

/// <summary>What both completion requests share: settings → request, and failures that the user has been told of already.</summary>
internal sealed class SuggestionSource(Session session, Func<ISuggestionService> completions, TypingThrough typing, SessionContext context, AcceptanceLedger ledger, ILogger logger)
{
    /// <summary>To choose among, for who asks by hand.</summary>
    private const int MostCandidates = 3;

    private int _hasTold; // 1 once a request that the model can't take was told of; any thread
    private volatile string? _lastFault;

    /// <summary>What is asked of a place, whoever asks and however urgently; null where nothing may be suggested.</summary>
    public SuggestionRequest? RequestAt(DocumentPlace place, InfillSettings settings) =>
        !context.MaySuggestIn(place.File) ? null : settings.RequestAt(place.Text, place.Cursor, place.Path, place.Language) with
        {
            Context = context.Choose(place.File, place.Path, place.Text, place.Cursor, settings.Prompt.ContextTokens),
            Repository = Conversions.ToRepositoryName(place.File, session.Folders),
        };

    /// <summary>Streams a suggestion; the last item is the whole. Ends empty where suggestions are off or the model is not to be had.</summary>
    /// <param name="place">Where.</param>
    /// <param name="isInvoked">Asked for by hand: then also where suggestions are off.</param>
    /// <param name="settings">As they were in the request's turn.</param>
    /// <param name="superseded">Cancelled by an edit.</param>
    /// <param name="cancelled">Cancelled by the client.</param>
    public async IAsyncEnumerable<Suggestion> SuggestAsync(
        DocumentPlace place, bool isInvoked, InfillSettings settings, CancellationToken superseded, [EnumeratorCancellation] CancellationToken cancelled)
    {
        if (!settings.IsEnabledFor(place.Language) && !isInvoked) yield break;
        if (RequestAt(place, settings) is not { } asked) yield break;
        var request = asked with
        {
            Client = session.ClientName,
            Priority = isInvoked ? RequestPriority.Invoked : RequestPriority.Automatic,
            Candidates = isInvoked ? MostCandidates : 1,
            Deadline = settings.Deadline,
            Superseded = superseded,
        };

        var isComputed = false;
        await using var suggestions = typing.SuggestAsync(place.Uri, request, settings.Typing, cancelled).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            Suggestion suggestion;
            try
            {
                if (!await suggestions.MoveNextAsync())
                {
                    if (isComputed) ImproveContext(place, request);
                    yield break;
                }

                suggestion = suggestions.Current;
            }
            catch (EngineException e)
            {
                // A model that can't be loaded was told of then. What it can't take is told once: a line for every key would be in the way.
                var isNews = !completions().ReadyAsync(CancellationToken.None).IsFaulted && Interlocked.Exchange(ref _hasTold, 1) == 0;
                logger.Log(isNews ? LogLevel.Warning : LogLevel.Debug, "No suggestion: {Reason}", e.Message);
                yield break;
            }

            isComputed |= suggestion.Usage is not null;
            if (suggestion.Usage is { } usage) ledger.Cost(place.Language, usage.Prefill + usage.Decode);
            else if (suggestion.Reported is { Prefill: { } prefill, Decode: { } decode }) ledger.Cost(place.Language, prefill + decode); // another machine's, where it tells
            if (suggestion.Fault is { } fault && fault != _lastFault) logger.LogError("A suggestion failed: {Fault}", _lastFault = fault);
            yield return suggestion;
        }
    }

    private void ImproveContext(DocumentPlace place, SuggestionRequest request) =>
        context.Improve(place.File, place.Path, place.Text, place.Cursor, request.Prompt.ContextTokens, (better, closed) =>
            completions().PrepareAsync(request with { Context = better, Priority = RequestPriority.LookAhead }, closed));
}
