using Infill.Completion.Shaping;
using Infill.Evaluation.Places;

namespace Infill.Evaluation.Measures;

/// <summary>Whether a suggestion says again what stands behind the cursor. Judged without looking at how the shaper does it.</summary>
internal static class DuplicatedSuffix
{
    private const int LeastLetters = 4;

    public static bool IsIn(Place place, string text)
    {
        if (text.Trim().Length == 0) return false;
        var after = Place.Lf(place.After);
        var feed = after.IndexOf('\n', StringComparison.Ordinal);
        var rest = (feed < 0 ? after : after[..feed]).Trim();
        var below = feed < 0 ? [] : after[(feed + 1)..].Split('\n').Select(Letters).Where(static line => line.Length > 0).Take(1).ToArray();
        return RepeatsRest(place, text, rest) || RepeatsBelow(place, text, below);
    }

    /// <summary>The suggestion's first line ends with all that follows on the cursor's, what was there doesn't, and it isn't the suggestion's own.</summary>
    private static bool RepeatsRest(Place place, string text, string rest)
    {
        var line = FirstLine(text);
        if (rest.Length == 0 || !line.EndsWith(rest, StringComparison.Ordinal) || FirstLine(place.Truth).EndsWith(rest, StringComparison.Ordinal)) return false;
        if (rest.Any(char.IsLetterOrDigit)) return true;

        // Signs alone may well be its own, as in `a(b)` before `)`; not so where leaving them out makes the file balance.
        var without = line[..^rest.Length];
        var writing = place.File.Writing;
        return rest.IndexOfAny([')', ']', '}']) >= 0
            && !BracketStack.IsBalanced(place.Before + line + place.After, writing)
            && BracketStack.IsBalanced(place.Before + without + place.After, writing);
    }

    /// <summary>A whole line of it, but for blanks and a last separator, is the next line below that isn't blank; and what was there has none such.</summary>
    private static bool RepeatsBelow(Place place, string text, string[] below)
    {
        if (below is not [{ } next] || LettersOutsideTags(next) < LeastLetters) return false;
        var before = Place.Lf(place.Before);
        var start = before[(before.LastIndexOf('\n') + 1)..];
        return Whole(start + text).Contains(next, StringComparer.Ordinal) && !Whole(start + place.Truth).Contains(next, StringComparer.Ordinal);
    }

    /// <summary>A tag alone, as in <c>/// &lt;summary&gt;</c>, says nothing: many comments begin with it.</summary>
    private static int LettersOutsideTags(string line)
    {
        var count = 0;
        var depth = 0;
        foreach (var c in line)
        {
            if (c == '<') depth++;
            else if (c == '>') depth = Math.Max(0, depth - 1);
            else if (depth == 0 && char.IsLetterOrDigit(c)) count++;
        }

        return count;
    }

    private static IEnumerable<string> Whole(string text) => text.Split('\n').Select(Letters);

    private static string Letters(string line) => string.Concat(line.Where(static c => !char.IsWhiteSpace(c))).TrimEnd(',', ';');

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
