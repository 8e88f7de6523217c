using Infill.Completion.Documents;

namespace Infill.Completion.Typing;

/// <summary>What was typed at a cursor since an earlier state of its document.</summary>
internal static class TypedPlace
{
    /// <summary>So much text next to the cursor has to be the same; what is further off changes no suggestion that is shown already.</summary>
    private const int Window = 2048;

    /// <param name="earlier">The document then.</param>
    /// <param name="earlierCursor">The cursor in it.</param>
    /// <param name="text">The document now.</param>
    /// <param name="cursor">The cursor in it.</param>
    /// <returns>Null where anything else than typing at that place came between.</returns>
    public static string? Since(SourceText earlier, int earlierCursor, SourceText text, int cursor)
    {
        var typed = cursor - earlierCursor;
        if (typed < 0 || text.Length - earlier.Length != typed) return null;

        var before = Math.Min(earlierCursor, Window);
        var after = Math.Min(text.Length - cursor, Window);
        return IsSame(earlier, earlierCursor - before, text, earlierCursor - before, before)
            && IsSame(earlier, earlierCursor, text, cursor, after)
                ? text.Substring(earlierCursor, typed)
                : null;
    }

    /// <summary>How many characters of a suggestion a later text has at its place; null where anything else was written.</summary>
    /// <param name="earlier">The document that it was made for.</param>
    /// <param name="cursor">Where in it the suggestion goes.</param>
    /// <param name="suggestion">What it inserts.</param>
    /// <param name="text">The document now.</param>
    public static int? Along(SourceText earlier, int cursor, string suggestion, SourceText text)
    {
        var typed = text.Length - earlier.Length;
        if (typed < 0 || typed > suggestion.Length) return null;
        return Since(earlier, cursor, text, cursor + typed) is { } words && suggestion.StartsWith(words, StringComparison.Ordinal) ? typed : null;
    }

    private static bool IsSame(SourceText left, int leftStart, SourceText right, int rightStart, int length) =>
        left.Substring(leftStart, length).AsSpan().SequenceEqual(right.Substring(rightStart, length));
}
