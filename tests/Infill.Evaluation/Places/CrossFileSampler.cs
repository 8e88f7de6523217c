using Infill.Completion.Context;
using Infill.Completion.Documents;

namespace Infill.Evaluation.Places;

/// <summary>Draws places whose line uses a name that another open file defines, and their own file doesn't. Languages take turns.</summary>
internal sealed class CrossFileSampler
{
    private const int MostOpen = 6;
    private const int TriesPerFile = 60;
    private const int MostDefiners = 2; // what many files define is no one file's name
    private const int LeastTruth = 3;

    /// <summary>The groups of places: by where the name is that another file defines.</summary>
    public const string Behind = "name typed already";
    public const string AheadKnown = "name ahead, elsewhere in the file too";
    public const string AheadNew = "name ahead, nowhere else in the file";

    private readonly Random _random;
    private readonly Dictionary<SourceFile, HashSet<int>> _defined = [];
    private readonly Dictionary<SourceFile, IReadOnlyList<SourceFile>> _siblings = [];
    private readonly IReadOnlyList<IReadOnlyList<SourceFile>> _languages;

    public CrossFileSampler(IReadOnlyList<SourceFile> files, int seed)
    {
        _random = new Random(seed);
        _languages = [.. files.GroupBy(static file => PlaceSampler.Group(file.Language), StringComparer.Ordinal).OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => group.ToList())];
        foreach (var file in files) _defined[file] = [.. FileChunker.Cut(file.Path, SourceText.From(file.Text)).SelectMany(static chunk => chunk.Defined)];
        foreach (var package in files.GroupBy(static file => (file.Package, PlaceSampler.Group(file.Language))))
        {
            foreach (var file in package) _siblings[file] = [.. package.Where(other => other != file)];
        }
    }

    /// <summary>The first <paramref name="count"/> places. A larger count begins with the same ones.</summary>
    public IReadOnlyList<Place> Take(int count)
    {
        var places = new List<Place>();
        var holes = new HashSet<(SourceFile, int)>();
        for (var turn = 0; places.Count < count && turn < 20 * count && _languages.Count > 0; turn++)
        {
            var language = _languages[turn % _languages.Count];
            var file = language[_random.Next(language.Count)];
            if (TryDraw(places.Count, file) is { } place && holes.Add((file, place.Start))) places.Add(place);
        }

        return places;
    }

    private Place? TryDraw(int number, SourceFile file)
    {
        var text = SourceText.From(file.Text);
        for (var attempt = 0; attempt < TriesPerFile; attempt++)
        {
            var row = _random.Next(text.LineCount);
            var line = text.LineText(row);
            var code = line.Trim();
            if (code.Length == 0 || code[0] is '#' or '*' or '/' || IsImport(code) || Definer(file, line) is not var (name, definer)) continue;
            List<int> cuts = [.. Enumerable.Range(1, code.Length - 1).Where(at => Identifiers.IsPart(code[at]) != Identifiers.IsPart(code[at - 1]) && code[at] != ' ')];
            if (cuts.Count == 0) continue;
            var start = text.LineStart(row) + line.IndexOf(code, StringComparison.Ordinal);
            var from = start + cuts[_random.Next(cuts.Count)];
            if (start + code.Length - from < LeastTruth) continue;
            return new Place(number, PlaceKind.EndOfLine, file, from, start + code.Length)
            {
                OpenFiles = Open(file, definer),
                Group = !Has(file.Text[from..(start + code.Length)], name) ? Behind : Has(file.Text[..from], name) || Has(file.Text[(start + code.Length)..], name) ? AheadKnown : AheadNew,
            };
        }

        return null;
    }

    private static bool Has(string text, int name)
    {
        for (var at = 0; Identifiers.TryNext(text, at, out var word); at = word.End.Value)
        {
            if (Identifiers.Hash(text.AsSpan(word)) == name) return true;
        }

        return false;
    }

    /// <summary>The line's first such name, and a file that alone, or nearly so, defines it.</summary>
    private (int Name, SourceFile File)? Definer(SourceFile file, string line)
    {
        for (var at = 0; Identifiers.TryNext(line, at, out var word); at = word.End.Value)
        {
            if (!Identifiers.IsTelling(line.AsSpan(word))) continue;
            var name = Identifiers.Hash(line.AsSpan(word));
            if (_defined[file].Contains(name)) continue;
            List<SourceFile> definers = [.. _siblings[file].Where(other => _defined[other].Contains(name)).Take(MostDefiners + 1)];
            if (definers.Count is > 0 and <= MostDefiners) return (name, definers[_random.Next(definers.Count)]);
        }

        return null;
    }

    private List<SourceFile> Open(SourceFile file, SourceFile definer)
    {
        List<SourceFile> open = [definer];
        for (var attempt = 0; attempt < 4 * MostOpen && open.Count < MostOpen; attempt++)
        {
            var other = _siblings[file][_random.Next(_siblings[file].Count)];
            if (!open.Contains(other)) open.Insert(_random.Next(open.Count + 1), other);
        }

        return open;
    }

    private static bool IsImport(string code) =>
        code.StartsWith("import ", StringComparison.Ordinal) || code.StartsWith("from ", StringComparison.Ordinal) || code.StartsWith("using ", StringComparison.Ordinal)
        || code.StartsWith("export * ", StringComparison.Ordinal) || code.Contains(" from '", StringComparison.Ordinal) || code.StartsWith("package ", StringComparison.Ordinal);
}
