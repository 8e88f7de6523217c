using System.Runtime.CompilerServices;
using Infill.Completion.Documents;
using Infill.Engine;

namespace Infill.Completion.Typing;

/// <summary>What may be done besides asking the model.</summary>
/// <param name="Cache">Answer from earlier suggestions, and from one that is running, where what was typed agrees with it.</param>
/// <param name="LookAhead">Once a suggestion is whole, make the one that follows it if it is accepted.</param>
public readonly record struct TypingOptions(bool Cache, bool LookAhead);

/// <summary>Keeps what is shown while the user types it, and has the next suggestion ready. Any thread; its documents are guarded by its lock.</summary>
/// <remarks>
/// A request is answered from the document's cache; or goes on reading a generation that agrees with what was typed so far; or
/// begins one, which ends what waited to be taken over. Of each document one such generation and one look-ahead run at most. What
/// was asked for by hand is always generated.
/// </remarks>
/// <param name="service">Asked when it is first needed.</param>
/// <param name="time">Clock of the user's pace.</param>
/// <param name="peace">How long somebody who uses no suggestion is left in peace before the next; null for no such time.</param>
public sealed class TypingThrough(Func<ISuggestionService> service, TimeProvider time, Func<TimeSpan>? peace = null)
{
    private readonly TypingPace _pace = new(time);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TypedDocument> _documents = new(StringComparer.Ordinal); // guarded by _gate, with all in it

    /// <summary>As <see cref="ISuggestionService.SuggestAsync"/>, for a document that is being typed in.</summary>
    /// <param name="uri">Which; <see cref="Edited"/> and <see cref="Closed"/> tell what becomes of it.</param>
    /// <param name="request">Where, and what is wanted.</param>
    /// <param name="options">What may be done besides asking the model.</param>
    /// <param name="cancellationToken">Ends the generation, whoever began it.</param>
    public IAsyncEnumerable<Suggestion> SuggestAsync(string uri, SuggestionRequest request, TypingOptions options, CancellationToken cancellationToken) =>
        options.Cache ? SuggestCachedAsync(uri, request, options, cancellationToken) : service().SuggestAsync(request, cancellationToken);

    /// <summary>A document has changed: what runs for it goes on only where it agrees. Called before its requests are superseded.</summary>
    public void Edited(string uri, SourceText text)
    {
        _pace.Key();
        TypedDocument? document;
        lock (_gate) document = _documents.GetValueOrDefault(uri);
        if (document is null) return;
        if (document.Running is { } running)
        {
            if (running.Agrees(text, cursor: null, out _)) running.Keep();
            else running.Supersede();
        }

        if (document.LookAhead is { } ahead && !ahead.IsReachedBy(text)) ahead.Suggestion.Supersede();
    }

    /// <summary>A document was opened anew, closed, or lost: nothing of it is kept.</summary>
    public void Closed(string uri)
    {
        TypedDocument? document;
        lock (_gate) _documents.Remove(uri, out document);
        document?.Running?.Supersede();
        document?.LookAhead?.Suggestion.Supersede();
    }

    /// <summary>Nobody is left who types.</summary>
    public void CloseAll()
    {
        string[] all;
        lock (_gate) all = [.. _documents.Keys];
        foreach (var uri in all) Closed(uri);
    }

    private async IAsyncEnumerable<Suggestion> SuggestCachedAsync(
        string uri, SuggestionRequest request, TypingOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (left, reading) = FindOrBegin(uri, request);
        if (left is not null)
        {
            yield return new Suggestion(left, FinishReason.StopRule);
            LookAhead(uri, request, left, options);
            yield break;
        }

        if (reading is null) yield break; // outdone before its turn came
        Suggestion? last = null;
        await foreach (var suggestion in reading.ReadAsync(request.Superseded, cancellationToken))
        {
            last = suggestion;
            yield return suggestion;
        }

        if (last is { Finish: FinishReason.EndOfText or FinishReason.StopRule }) LookAhead(uri, request, last.Text, options);
    }

    /// <returns>What is left of a known suggestion, or a generation to read; neither where an edit has outdone the request.</returns>
    /// <remarks>Looked at and begun under one lock: a request that its thread comes to late may not end the one that came after it.</remarks>
    private (string? Left, SuggestionReading? Reading) FindOrBegin(string uri, SuggestionRequest request)
    {
        var asked = service(); // it may have to be made: edits don't wait for that at the lock
        RunningSuggestion running;
        RunningSuggestion? before, ahead;
        SuggestionReading reading;
        lock (_gate)
        {
            if (request.Superseded.IsCancellationRequested) return default;
            if (!_documents.TryGetValue(uri, out var document)) _documents[uri] = document = new TypedDocument();
            if (request.Priority != RequestPriority.Invoked)
            {
                if (document.Cache.TryFind(request, out var rest)) return (rest, null);
                if (Agreeing(document, request) is { } known) return (null, known);
            }

            running = new RunningSuggestion(asked, request, time);
            reading = running.Open(typed: 0);
            (before, ahead) = (document.Running, document.LookAhead?.Suggestion);
            (document.Running, document.LookAhead) = (running, null);
        }

        before?.SupersedeUnlessRead(); // two places may be asked for at once
        ahead?.Supersede();
        _ = RunAsync(uri, running, request.Priority == RequestPriority.Automatic ? Wait() : TimeSpan.Zero);
        return (null, reading);
    }

    /// <summary>A generation under way that gives what is asked for. Under the lock.</summary>
    private static SuggestionReading? Agreeing(TypedDocument document, SuggestionRequest request)
    {
        foreach (var running in (RunningSuggestion?[])[document.Running, document.LookAhead?.Suggestion])
        {
            if (running is null || !CompletionCache.IsAskedAlike(running.Request, request) || !running.Agrees(request.Text, request.Cursor, out var typed)) continue;
            document.Running = running;
            return running.Open(typed);
        }

        return null;
    }

    /// <summary>Makes what comes after an accepted suggestion, unless it is known.</summary>
    private void LookAhead(string uri, SuggestionRequest request, string text, TypingOptions options)
    {
        if (!options.LookAhead || text.Length == 0 || request.Superseded.IsCancellationRequested) return;
        var next = request with
        {
            Text = request.Text.With(request.Cursor, 0, text),
            Cursor = request.Cursor + text.Length,
            Priority = RequestPriority.LookAhead,
        };
        RunningSuggestion? before;
        RunningSuggestion ahead;
        lock (_gate)
        {
            if (!_documents.TryGetValue(uri, out var document) || document.Cache.TryFind(next, out _)) return;
            if (document.LookAhead is { } known && known.Suggestion.Request.Cursor == next.Cursor && known.IsReachedBy(request.Text)) return;
            before = document.LookAhead?.Suggestion;
            ahead = new RunningSuggestion(service(), next, time);
            document.LookAhead = new Ahead(ahead, request, text);
        }

        before?.Supersede();
        _ = RunAsync(uri, ahead, TimeSpan.Zero);
    }

    private TimeSpan Wait()
    {
        var wait = _pace.Wait;
        return peace?.Invoke() is { } longer && longer > wait ? longer : wait;
    }

    private async Task RunAsync(string uri, RunningSuggestion running, TimeSpan wait)
    {
        await running.RunAsync(wait, _pace);
        lock (_gate) End(uri, running);
        running.Complete();
    }

    /// <summary>From running to known in one go: a request that comes between would find neither. Under the lock.</summary>
    private void End(string uri, RunningSuggestion running)
    {
        var whole = running.End();
        if (!_documents.TryGetValue(uri, out var document)) return;
        if (whole is { Text.Length: > 0 } or { Finish: FinishReason.EndOfText or FinishReason.StopRule }) document.Cache.Add(running.Request, whole.Text);
        if (document.Running == running) document.Running = null;
        if (document.LookAhead?.Suggestion == running) document.LookAhead = null;
    }

    /// <summary>What is known of one document.</summary>
    private sealed class TypedDocument
    {
        public CompletionCache Cache { get; } = new();

        public RunningSuggestion? Running { get; set; }

        public Ahead? LookAhead { get; set; }
    }

    /// <param name="Suggestion">What is being made.</param>
    /// <param name="From">Where the suggestion stands that it follows.</param>
    /// <param name="Text">That suggestion.</param>
    private sealed record Ahead(RunningSuggestion Suggestion, SuggestionRequest From, string Text)
    {
        /// <summary>Whether what was typed leads there.</summary>
        public bool IsReachedBy(SourceText text) => TypedPlace.Along(From.Text, From.Cursor, Text, text) is not null;
    }
}
