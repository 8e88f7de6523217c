using Infill.Completion.Documents;

namespace Infill.Completion.Acceptance;

/// <summary>
/// Follows what becomes of each suggestion that was shown. Few clients tell, so it is read off the edits: one that continues the
/// document as suggested was typed, or accepted by word, by line or whole. What a client does tell counts once.
/// </summary>
/// <remarks>Any thread; guarded by its lock. Nothing of a document's text leaves it: its sums do.</remarks>
public sealed class AcceptanceLedger
{
    /// <summary>What is gone sooner was not read, and says nothing of its worth.</summary>
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan s_judgement = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time;
    private readonly Action<string, Tally> _add;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Document> _documents = new(StringComparer.Ordinal); // guarded by _gate, with all in it
    private int _ignored; // guarded by _gate

    /// <param name="time">Says how long something was on the screen.</param>
    /// <param name="add">Takes what is to be added to a language's sums; called on any thread, also under the lock, so it must be quick.</param>
    public AcceptanceLedger(TimeProvider time, Action<string, Tally> add)
    {
        _time = time;
        _add = add;
    }

    /// <summary>Suggestions in a row that were read and not used.</summary>
    public int IgnoredInARow
    {
        get
        {
            lock (_gate) return _ignored;
        }
    }

    /// <summary>A suggestion is on its way to the screen, or has grown there.</summary>
    /// <param name="suggestions">The one that is seen, and others for the same place that the user may turn to.</param>
    public void Shown(IReadOnlyList<ShownSuggestion> suggestions)
    {
        if (suggestions is not [{ Text.Length: > 0 } suggestion, ..]) return;
        lock (_gate)
        {
            if (!_documents.TryGetValue(suggestion.Uri, out var document)) _documents[suggestion.Uri] = document = new Document();
            if (document.Trail?.TryContinue(suggestion) != true)
            {
                Leave(document);
                document.Trail = new Trail(suggestion, _time.GetTimestamp());
                _add(suggestion.Language, new Tally { Shown = 1 });
            }

            document.Others = [.. suggestions.Skip(1).Select(other => new Trail(other, document.Trail!.ShownAt))];
        }
    }

    /// <summary>What a suggestion has cost, once that is known.</summary>
    public void Cost(string language, TimeSpan compute) => _add(language, new Tally { ComputeMilliseconds = compute.TotalMilliseconds });

    /// <summary>A document has changed.</summary>
    public void Edited(string uri, SourceText now)
    {
        lock (_gate)
        {
            if (!_documents.TryGetValue(uri, out var document)) return;
            Judge(document, now, isEnd: false);
            TurnTo(document, other => document.Trail?.Follows(now) is null && other.Follows(now) is not null);
            if (document.Trail is not { } trail) return;
            if (trail.Follows(now) is { } reached) Reach(document, trail, reached, AcceptedParts.Between(trail.Text, trail.Reached, reached));
            else Leave(document);
        }
    }

    /// <summary>A client says that a suggestion was accepted to its end; the edit may have come before or comes yet.</summary>
    public void Accepted(string id)
    {
        lock (_gate)
        {
            foreach (var document in _documents.Values)
            {
                TurnTo(document, other => other.Is(id));
                if (document.Trail is { } trail && trail.Is(id))
                {
                    Reach(document, trail, trail.Text.Length, AcceptedPart.Whole);
                }
                else if (document.Last is { End: AcceptedPart.Typed } last && last.Is(id))
                {
                    // Its last letter looked like a key of the user's own.
                    last.End = AcceptedPart.Whole;
                    _add(last.Language, new Tally { TypedThrough = -1, Accepted = 1, Characters = 1 });
                }
            }
        }
    }

    /// <summary>A client says that so many characters of a suggestion were accepted; likewise.</summary>
    public void PartlyAccepted(string id, int length)
    {
        lock (_gate)
        {
            foreach (var document in _documents.Values)
            {
                TurnTo(document, other => other.Is(id));
                if (document.Trail is not { } trail || !trail.Is(id) || length <= trail.Reached || length > trail.Text.Length) continue;
                var part = AcceptedParts.Between(trail.Text, trail.Reached, length);
                Reach(document, trail, length, part == AcceptedPart.Typed ? AcceptedPart.Word : part);
            }
        }
    }

    /// <summary>A document was closed, or its text is unknown: what is open about it is settled by its last text.</summary>
    public void Closed(string uri, SourceText? last)
    {
        lock (_gate)
        {
            if (!_documents.Remove(uri, out var document)) return;
            if (last is not null) Judge(document, last, isEnd: true);
            Leave(document);
        }
    }

    /// <summary>It is another of the place's suggestions that the user has on the screen.</summary>
    private static void TurnTo(Document document, Func<Trail, bool> isIt)
    {
        if (document.Others.Find(other => isIt(other)) is not { } other) return;
        other.Reached = document.Trail?.Reached ?? 0; // typed while they still agreed
        document.Others.Remove(other);
        if (document.Trail is { } before) document.Others.Add(before);
        document.Trail = other;
    }

    private void Reach(Document document, Trail trail, int reached, AcceptedPart part)
    {
        var length = reached - trail.Reached;
        if (length > 0 && part != AcceptedPart.Typed)
        {
            trail.IsUsed = true;
            _ignored = 0;
            document.Accepted.Enqueue(new KeptText(trail.Language, trail.Cursor + trail.Reached, trail.Text.Substring(trail.Reached, length), _time.GetTimestamp()));
            _add(trail.Language, new Tally
            {
                Accepted = part == AcceptedPart.Whole ? 1 : 0,
                AcceptedWords = part == AcceptedPart.Word ? 1 : 0,
                AcceptedLines = part == AcceptedPart.Line ? 1 : 0,
                Characters = length,
            });
        }

        trail.Reached = reached; // less than before where the user goes back
        if (reached < trail.Text.Length) return;
        trail.End = part;
        if (part == AcceptedPart.Typed) _add(trail.Language, new Tally { TypedThrough = 1 });
        _ignored = 0;
        (document.Trail, document.Last, document.Others) = (null, trail, []);
    }

    /// <summary>Something else is there than what was suggested.</summary>
    private void Leave(Document document)
    {
        document.Others = [];
        if (document.Trail is not { } trail) return;
        document.Trail = null;
        if (trail.IsInMenu || trail.IsUsed || trail.Reached > 0 || _time.GetElapsedTime(trail.ShownAt) < s_glance) return;
        _ignored++;
        _add(trail.Language, new Tally { Dismissed = 1 });
    }

    private void Judge(Document document, SourceText now, bool isEnd)
    {
        while (document.Accepted.TryPeek(out var text) && (isEnd || _time.GetElapsedTime(text.At) >= s_judgement))
        {
            document.Accepted.Dequeue();
            _add(text.Language, new Tally { CharactersJudged = text.Text.Length, CharactersKept = text.Count(now) });
        }
    }

    private sealed class Document
    {
        /// <summary>What is on the screen.</summary>
        public Trail? Trail { get; set; }

        /// <summary>What may take its place there when the user asks for the next.</summary>
        public List<Trail> Others { get; set; } = [];

        /// <summary>What was there before, where the text has followed it to its end.</summary>
        public Trail? Last { get; set; }

        /// <summary>Waiting to be judged, the oldest first.</summary>
        public Queue<KeptText> Accepted { get; } = new();
    }
}
