namespace Infill.Completion.Context;

/// <summary>Orders chunks by what they are worth at a place. Pure.</summary>
/// <remarks>
/// A chunk with lines like those at the cursor is worth most, as much as such chunks are rare; then one that defines names that are
/// used around the cursor; one where the user was of late some; and what has names in common with the place as much as these are
/// rare (the share of the place's names by their inverse document frequency).
/// </remarks>
internal static class ContextRanking
{
    public const double LineBegunWorth = 2;
    public const double LineAboveWorth = 1;
    public const double DefinitionWorth = 1.5;
    public const double VisitWorth = 0.4;
    public const double ImportWorth = 0.15;

    /// <summary>Less than this is no better than any chunk of the same project.</summary>
    public const double LeastScore = 0.12;

    /// <param name="query">The place.</param>
    /// <param name="files">What there is; the query's own file is left out.</param>
    /// <param name="visits">How fresh the user's last visit to a chunk is, from 0 to 1.</param>
    /// <returns>The worthy ones, the best first; equal ones in the files' order.</returns>
    public static List<ContextChoice> Rank(ContextQuery query, IReadOnlyList<IndexedFile> files, Func<IndexedFile, ContextChunk, double> visits)
    {
        List<Candidate> all = [.. files.Where(file => file.Path != query.Path).SelectMany(static file => file.Chunks, (file, chunk) => new Candidate(file, chunk, query.Lines.BeginIn(chunk.Text), query.Lines.AboveIn(chunk.Text)))];
        var frequencies = new Dictionary<int, int>();
        var definitions = new Dictionary<int, int>();
        foreach (var (_, chunk, _, _) in all)
        {
            foreach (var name in chunk.Names)
            {
                if (query.Terms.ContainsKey(name)) frequencies[name] = frequencies.GetValueOrDefault(name) + 1;
            }

            foreach (var name in chunk.Defined)
            {
                if (query.Terms.ContainsKey(name)) definitions[name] = definitions.GetValueOrDefault(name) + 1;
            }
        }

        var rarest = Rarity(0, all.Count);
        var whole = query.Terms.Sum(term => term.Value.Weight * Rarity(frequencies.GetValueOrDefault(term.Key), all.Count));
        var ranked = new List<ContextChoice>();
        var begunWorth = LineBegunWorth * Rarity(all.Count(static each => each.Begins), all.Count) / rarest;
        var aboveWorth = LineAboveWorth * Rarity(all.Count(static each => each.Above > 0), all.Count) / rarest;
        if (whole <= 0) return ranked;
        foreach (var (file, chunk, begins, above) in all)
        {
            var likeness = 0.0;
            foreach (var name in chunk.Names)
            {
                if (query.Terms.TryGetValue(name, out var term)) likeness += term.Weight * Rarity(frequencies[name], all.Count);
            }

            likeness = likeness / whole * Brevity(chunk);
            var (defined, names) = Defined(query, chunk, definitions, frequencies, all.Count, rarest);
            var visit = visits(file, chunk);
            var import = query.Imported.Contains(Stem(file)) ? ImportWorth : 0;
            var lines = (begins ? begunWorth : 0) + (above > 0 ? aboveWorth * (above == 2 ? 1.5 : 1) : 0);
            var score = (lines + likeness + (DefinitionWorth * defined) + (VisitWorth * visit) + import) * (IsSameKind(query.Path, chunk.Path) ? 1 : 0.5);
            if (score < LeastScore) continue;
            var reason = names.Count > 0 ? $"defines {string.Join(", ", names)}" : begins ? "has a line that begins like this one" : above > 0 ? "has the line above" : visit > 0 ? "edited or viewed lately" : import > 0 ? "imported" : "similar";
            ranked.Add(new ContextChoice(chunk, reason, Math.Round(score, 3)));
        }

        return [.. ranked.OrderByDescending(static choice => choice.Score)];
    }

    private static (double Worth, List<string> Names) Defined(
        ContextQuery query, ContextChunk chunk, Dictionary<int, int> definitions, Dictionary<int, int> frequencies, int count, double rarest)
    {
        var worth = 0.0;
        var names = new List<string>();
        foreach (var name in chunk.Defined)
        {
            if (!query.Terms.TryGetValue(name, out var term) || query.IsDefinedHere(name)) continue;
            worth += term.Weight * Rarity(frequencies.GetValueOrDefault(name), count) / rarest / definitions[name]; // what all define says nothing
            names.Add(term.Name);
        }

        return (worth, names);
    }

    /// <summary>A long chunk has more in common with everything.</summary>
    private static double Brevity(ContextChunk chunk) => 1 / (0.5 + (0.5 * chunk.Names.Length / 30));

    private static double Rarity(int frequency, int count) => Math.Log(1 + ((count - frequency + 0.5) / (frequency + 0.5)));

    private static int Stem(IndexedFile file) => Identifiers.Hash(Path.GetFileNameWithoutExtension(file.Path.AsSpan()));

    /// <param name="File">Whose it is.</param>
    /// <param name="Chunk">Itself.</param>
    /// <param name="Begins">Whether a line of it begins like the cursor's.</param>
    /// <param name="Above">How many of the lines above the cursor it has.</param>
    private readonly record struct Candidate(IndexedFile File, ContextChunk Chunk, bool Begins, int Above);

    private static bool IsSameKind(string left, string right) => Path.GetExtension(left.AsSpan()).Equals(Path.GetExtension(right.AsSpan()), StringComparison.OrdinalIgnoreCase);
}
