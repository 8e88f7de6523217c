using Infill.Completion.Documents;

namespace Infill.Completion.Context;

/// <summary>The names around a cursor, and how near each is. Pure.</summary>
internal sealed class ContextQuery
{
    /// <summary>Longer ones are data, or were written by a program.</summary>
    public const int LongestLine = 400;

    private const int LinesBefore = 24;
    private const int LinesAfter = 6;
    private const int ImportLines = 60;
    private const double Fading = 0.95; // by line of distance
    private const double ImportWeight = 0.25;

    private readonly Dictionary<int, Term> _terms = [];
    private readonly HashSet<int> _defined = [];

    private ContextQuery(string path, LikeLines lines)
    {
        Path = path;
        Lines = lines;
    }

    /// <summary>The document that is asked from.</summary>
    public string Path { get; }

    /// <summary>Which lines are like those at the cursor.</summary>
    public LikeLines Lines { get; }

    /// <summary>By the name's hash.</summary>
    public IReadOnlyDictionary<int, Term> Terms => _terms;

    /// <summary>Names in import lines at the document's top, as hashes.</summary>
    public HashSet<int> Imported { get; } = [];

    public static ContextQuery At(string path, SourceText text, int cursor)
    {
        var query = new ContextQuery(path, LikeLines.At(text, cursor));
        var at = text.LineOf(cursor);
        for (var number = 0; number < Math.Min(text.LineCount, ImportLines); number++)
        {
            if (LineAt(text, number) is { } line && IsImport(line))
            {
                Identifiers.AddTo(query.Imported, line);
                query.Add(line, ImportWeight);
            }
        }

        for (var number = Math.Max(0, at - LinesBefore); number <= Math.Min(text.LineCount - 1, at + LinesAfter); number++)
        {
            if (LineAt(text, number) is not { } line) continue;
            Definitions.AddTo(query._defined, line);
            query.Add(line, Math.Pow(Fading, Math.Abs(number - at)));
        }

        return query;
    }

    /// <summary>Whether the name is the document's own, as far as can be seen from here.</summary>
    public bool IsDefinedHere(int name) => _defined.Contains(name);

    private static string? LineAt(SourceText text, int number) => text.LineEnd(number) - text.LineStart(number) <= LongestLine ? text.LineText(number) : null;

    private static bool IsImport(string line)
    {
        var trimmed = line.AsSpan().TrimStart();
        return trimmed.StartsWith("import ") || trimmed.StartsWith("from ") || trimmed.StartsWith("using ") || trimmed.StartsWith("use ") || trimmed.StartsWith("#include")
            || trimmed.StartsWith("} from ") || trimmed.Contains("require(", StringComparison.Ordinal) || trimmed.StartsWith("export * from");
    }

    private void Add(string line, double weight)
    {
        for (var at = 0; Identifiers.TryNext(line, at, out var word); at = word.End.Value)
        {
            var name = line.AsSpan(word);
            if (!Identifiers.IsTelling(name)) continue;
            var hash = Identifiers.Hash(name);
            if (!_terms.TryGetValue(hash, out var known) || known.Weight < weight) _terms[hash] = new Term(known.Name ?? name.ToString(), weight);
        }
    }

    /// <param name="Name">As it is written.</param>
    /// <param name="Weight">From 0 to 1: 1 on the cursor's line.</param>
    public readonly record struct Term(string Name, double Weight);
}
