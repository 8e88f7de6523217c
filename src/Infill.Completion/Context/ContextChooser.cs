using Infill.Completion.Documents;

namespace Infill.Completion.Context;

/// <summary>Chooses what of other files goes into prompts, and keeps to the choice while the user stays at a place.</summary>
/// <remarks>
/// Context stands at the beginning of a prompt, so another choice costs the whole prompt's cache: it is made at a new place or after
/// a pause, and taken only where it is clearly better. While the user stays at a place, a better one is looked for on each line
/// and as the line grows, and taken when its prompt has been computed. Any thread; guarded by its lock.
/// </remarks>
/// <param name="index">What there is to choose from.</param>
/// <param name="time">Clock of pauses and visits.</param>
public sealed class ContextChooser(ContextIndex index, TimeProvider time)
{
    /// <summary>Lines that still are the same place.</summary>
    public const int PlaceLines = 16;

    /// <summary>Where nothing was asked for so long, a better choice costs nobody's time.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private const int CharactersPerToken = 5; // more than code has: the prompt's builder counts the tokens
    private const double ClearlyBetter = 1.25;
    private const int MostDocuments = 64;
    private const int MostVisits = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal); // guarded by _gate, as all below
    private readonly LinkedList<Visit> _visits = []; // the latest first

    /// <summary>The chunks for a place, the best first; the same ones as long as the user stays there.</summary>
    /// <param name="key">The document's key in the index.</param>
    /// <param name="path">Its name in prompts.</param>
    /// <param name="text">Its text.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="tokens">About how many tokens they may have together.</param>
    public IReadOnlyList<ContextChoice> Choose(string key, string path, SourceText text, int cursor, int tokens)
    {
        if (tokens <= 0) return [];
        var line = text.LineOf(cursor);
        var now = time.GetTimestamp();
        var files = index.Files(out var isWhole);
        lock (_gate)
        {
            AddVisit(key, line);
            var held = _held.GetValueOrDefault(key);
            if (held is not null && held.Tokens == tokens && held.IsAt(line) && (held.WasWhole || !isWhole) && time.GetElapsedTime(held.AskedAt, now) < Pause && IsThere(held.Choices, files))
            {
                held.AskedAt = now;
                return held.Choices;
            }

            var query = ContextQuery.At(path, text, cursor);
            var choices = BetterOrHeld(held?.Choices ?? [], Rank(query, files, _visits), tokens, isNewPlace: true);
            if (_held.Count >= MostDocuments && !_held.ContainsKey(key)) _held.Remove(_held.MinBy(static each => each.Value.AskedAt).Key);
            _held[key] = new Held(choices, line, tokens, isWhole) { AskedAt = now, Looked = (line, query.Lines.Step) };
            return choices;
        }
    }

    /// <summary>
    /// A choice that is clearly better where the user has come to on the same place, to be taken once its prompt is computed;
    /// null where there is none, or where that was asked for already. Takes some milliseconds: for when nobody waits.
    /// </summary>
    /// <inheritdoc cref="Choose" path="/param"/>
    public IReadOnlyList<ContextChoice>? Improve(string key, string path, SourceText text, int cursor, int tokens)
    {
        var line = text.LineOf(cursor);
        var files = index.Files(out _);
        IReadOnlyList<ContextChoice> choices;
        List<Visit> visits;
        lock (_gate)
        {
            if (_held.GetValueOrDefault(key) is not { } held || held.Tokens != tokens || !held.IsAt(line)) return null;
            var looked = (line, LikeLines.At(text, cursor).Step);
            if (held.Looked == looked) return null;
            held.Looked = looked;
            choices = held.Choices;
            visits = [.. _visits];
        }

        var better = BetterOrHeld(choices, Rank(ContextQuery.At(path, text, cursor), files, visits), tokens, isNewPlace: false);
        return better.Select(static choice => choice.Chunk).SequenceEqual(choices.Select(static choice => choice.Chunk)) ? null : better;
    }

    /// <summary>The prompt of a choice is computed: from now on it is this one, where the user is still at the place.</summary>
    public void Take(string key, IReadOnlyList<ContextChoice> choices, int line)
    {
        lock (_gate)
        {
            if (_held.GetValueOrDefault(key) is { } held && held.IsAt(line)) held.Choices = choices;
        }
    }

    /// <summary>A document was closed: its text is nobody's context any more.</summary>
    public void Forget(string key)
    {
        lock (_gate)
        {
            _held.Remove(key);
            for (var node = _visits.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Key == key) _visits.Remove(node);
                node = next;
            }
        }
    }

    private static List<ContextChoice> Within(List<ContextChoice> ranked, int characters)
    {
        var chosen = new List<ContextChoice>();
        foreach (var choice in ranked)
        {
            if (choice.Chunk.Text.Length > characters) continue;
            characters -= choice.Chunk.Text.Length;
            chosen.Add(choice);
        }

        return chosen;
    }

    private static List<ContextChoice> Rank(ContextQuery query, IReadOnlyList<IndexedFile> files, IReadOnlyCollection<Visit> visits) =>
        ContextRanking.Rank(query, files, (file, chunk) => Freshness(visits, file, chunk));

    /// <summary>What was chosen before, unless the new choice is worth its price; at a new place also where a part of it is worth nothing any more.</summary>
    private static IReadOnlyList<ContextChoice> BetterOrHeld(IReadOnlyList<ContextChoice> held, List<ContextChoice> ranked, int tokens, bool isNewPlace)
    {
        var chosen = Within(ranked, tokens * CharactersPerToken);
        if (held.Count == 0) return chosen;
        var scores = new Dictionary<ContextChunk, double>(ReferenceEqualityComparer.Instance);
        foreach (var choice in ranked) scores[choice.Chunk] = choice.Score;
        if (isNewPlace && !held.All(choice => scores.ContainsKey(choice.Chunk))) return chosen; // or it has changed
        var before = held.Sum(choice => scores.GetValueOrDefault(choice.Chunk));
        return chosen.Sum(static choice => choice.Score) > ClearlyBetter * before ? chosen : held;
    }

    /// <summary>Of a file that was closed nothing is shown any more; one that was edited may be shown as it was.</summary>
    private static bool IsThere(IReadOnlyList<ContextChoice> choices, IReadOnlyList<IndexedFile> files) =>
        choices.All(choice => files.Any(file => file.Path == choice.Chunk.Path && file.Chunks.Length > 0));

    private void AddVisit(string key, int line)
    {
        for (var node = _visits.First; node is not null; node = node.Next)
        {
            if (node.Value.Key != key || Math.Abs(node.Value.Line - line) > PlaceLines) continue;
            _visits.Remove(node);
            break;
        }

        _visits.AddFirst(new Visit(key, line));
        if (_visits.Count > MostVisits) _visits.RemoveLast();
    }

    /// <summary>From 1 for the latest place down to 0 for those that are forgotten.</summary>
    private static double Freshness(IReadOnlyCollection<Visit> visits, IndexedFile file, ContextChunk chunk)
    {
        var rank = 0;
        foreach (var visit in visits)
        {
            if (visit.Key == file.Key && visit.Line >= chunk.FirstLine && visit.Line < chunk.FirstLine + chunk.LineCount) return 1 - ((double)rank / MostVisits);
            rank++;
        }

        return 0;
    }

    /// <summary>A place where the user asked for suggestions, by typing or by hand.</summary>
    private readonly record struct Visit(string Key, int Line);

    /// <remarks>Guarded by the chooser's lock.</remarks>
    private sealed class Held(IReadOnlyList<ContextChoice> choices, int line, int tokens, bool wasWhole)
    {
        public IReadOnlyList<ContextChoice> Choices { get; set; } = choices;

        public int Tokens => tokens;

        public bool WasWhole => wasWhole;

        public required long AskedAt { get; set; }

        /// <summary>The line where a better choice was looked for last, and its <see cref="LikeLines.Step"/>.</summary>
        public (int Line, int Step) Looked { get; set; }

        public bool IsAt(int other) => Math.Abs(other - line) <= PlaceLines;
    }
}
