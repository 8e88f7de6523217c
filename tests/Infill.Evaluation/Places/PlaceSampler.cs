using System.Text.RegularExpressions;

namespace Infill.Evaluation.Places;

/// <summary>Draws places from files: the same seed and files give the same places. Languages and kinds take turns.</summary>
internal sealed partial class PlaceSampler(IReadOnlyList<SourceFile> files, int seed)
{
    private const int TriesPerFile = 40;
    private const int LeastWord = 4;
    private const int LeastTruth = 3;
    private const int MostBlockLines = 8;
    private const int MostMissingWords = 6;

    private readonly Random _random = new(seed);
    private readonly IReadOnlyList<IReadOnlyList<SourceFile>> _languages = [.. files.GroupBy(static file => Group(file.Language), StringComparer.Ordinal)
        .OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => group.ToList())];

    /// <summary>Languages that are counted together.</summary>
    public static string Group(string language) => language switch
    {
        "typescript" or "typescriptreact" or "javascript" or "javascriptreact" => "tsjs",
        "cpp" => "c",
        _ => language,
    };

    /// <summary>The first <paramref name="count"/> places. A larger count begins with the same ones.</summary>
    public IReadOnlyList<Place> Take(int count)
    {
        var kinds = Enum.GetValues<PlaceKind>();
        var places = new List<Place>();
        var holes = new HashSet<(SourceFile, int)>();
        for (var turn = 0; places.Count < count && turn < 20 * count && _languages.Count > 0; turn++)
        {
            var language = _languages[turn % _languages.Count];
            var kind = kinds[turn / _languages.Count % kinds.Length];
            var file = language[_random.Next(language.Count)];
            if (TryDraw(file, kind) is var (start, end) && holes.Add((file, start))) places.Add(new Place(places.Count, kind, file, start, end));
        }

        return places;
    }

    private (int Start, int End)? TryDraw(SourceFile file, PlaceKind kind)
    {
        var lines = Lines(file.Text);
        for (var attempt = 0; attempt < TriesPerFile; attempt++)
        {
            var number = _random.Next(lines.Count);
            var hole = kind switch
            {
                PlaceKind.EndOfLine => RestOfLine(file, lines[number], insideWord: false),
                PlaceKind.MiddleOfWord => RestOfLine(file, lines[number], insideWord: true),
                PlaceKind.MiddleOfLine => PartOfLine(file, lines[number]),
                PlaceKind.CallArguments => Arguments(file, lines[number]),
                _ => Block(file, lines, number),
            };
            if (hole is var (start, end) && end - start >= LeastTruth) return hole;
        }

        return null;
    }

    private (int Start, int End)? RestOfLine(SourceFile file, Line line, bool insideWord)
    {
        if (!IsCode(file, line)) return null;
        var text = Text(file, line);
        List<int> cuts = insideWord
            ? [.. Words().Matches(text).Where(static word => word.Length >= LeastWord).SelectMany(static word => Enumerable.Range(word.Index + 1, word.Length - 1))]
            : [.. Boundaries(text), 0];
        return cuts.Count == 0 ? null : (line.TextStart + cuts[_random.Next(cuts.Count)], line.TextEnd);
    }

    /// <summary>Some words that are missing before more of the line, which is more than what editors close by themselves.</summary>
    private (int Start, int End)? PartOfLine(SourceFile file, Line line)
    {
        if (!IsCode(file, line)) return null;
        var text = Text(file, line);
        List<int> cuts = [.. Boundaries(text)];
        if (cuts.Count < 3) return null;
        var first = _random.Next(cuts.Count - 1);
        var last = Math.Min(cuts.Count - 1, first + 1 + _random.Next(MostMissingWords));
        var (start, end) = (cuts[first], cuts[last]);
        while (end > start && char.IsWhiteSpace(text[end - 1])) end--; // a suggestion never ends in a blank
        return text[end..].Any(char.IsLetterOrDigit) ? (line.TextStart + start, line.TextStart + end) : null;
    }

    private (int Start, int End)? Arguments(SourceFile file, Line line)
    {
        if (!IsCode(file, line)) return null;
        var text = Text(file, line);
        var calls = Calls().Matches(text);
        if (calls.Count == 0) return null;
        var open = calls[_random.Next(calls.Count)].Groups["open"].Index;
        var depth = 0;
        for (var at = open; at < text.Length; at++)
        {
            if (text[at] is '(') depth++;
            if (text[at] is ')' && --depth == 0) return (line.TextStart + open + 1, line.TextStart + at);
        }

        return null;
    }

    private static (int Start, int End)? Block(SourceFile file, IReadOnlyList<Line> lines, int number)
    {
        if (number == 0 || !IsCode(file, lines[number])) return null;
        var opener = lines[number - 1];
        if (opener.IsBlank || file.Text[opener.TextEnd - 1] is not ('{' or ':') || lines[number].Indentation <= opener.Indentation) return null;

        var last = number;
        for (var next = number; next < lines.Count && (lines[next].IsBlank || lines[next].Indentation >= lines[number].Indentation); next++)
        {
            if (!lines[next].IsBlank) last = next;
        }

        return last - number >= MostBlockLines ? null : (lines[number].TextStart, lines[last].TextEnd);
    }

    /// <summary>Where a word or a run of signs begins, but for the first.</summary>
    private static IEnumerable<int> Boundaries(string text) => Parts().Matches(text).Select(static part => part.Index).Where(static index => index > 0);

    private static string Text(SourceFile file, Line line) => file.Text[line.TextStart..line.TextEnd];

    private static bool IsCode(SourceFile file, Line line) =>
        !line.IsBlank && !file.Text.AsSpan(line.TextStart).StartsWith("//") && file.Text[line.TextStart] is not ('#' or '*')
        && !file.Text.AsSpan(line.TextStart).StartsWith("/*");

    private static List<Line> Lines(string text)
    {
        var lines = new List<Line>();
        for (var start = 0; start < text.Length;)
        {
            var feed = text.IndexOf('\n', start);
            var end = feed < 0 ? text.Length : feed;
            var (textStart, textEnd) = (start, end);
            while (textStart < end && char.IsWhiteSpace(text[textStart])) textStart++;
            while (textEnd > textStart && char.IsWhiteSpace(text[textEnd - 1])) textEnd--;
            lines.Add(new Line(start, textStart, textEnd));
            start = end + 1;
        }

        return lines;
    }

    [GeneratedRegex(@"[A-Za-z_]\w+", RegexOptions.None, 1000)]
    private static partial Regex Words();

    [GeneratedRegex(@"\w+|[^\w\s]+", RegexOptions.None, 1000)]
    private static partial Regex Parts();

    [GeneratedRegex(@"\w(?<open>\()[^)]", RegexOptions.None, 1000)]
    private static partial Regex Calls();

    private readonly record struct Line(int Start, int TextStart, int TextEnd)
    {
        public bool IsBlank => TextEnd == TextStart;

        public int Indentation => TextStart - Start;
    }
}
