using Infill.Completion.Documents;

namespace Infill.Completion.Typing;

/// <summary>What was typed at a cursor since an earlier state of its document.</summary>
internal static class TypedPlace
{
    /// <summary>So much text next to the cursor has to be the same; what is further off changes no suggestion that is shown already.</summary>
    private const int Window = 2048;

    /// <param name="earlier">The document then, and the cursor in it.</param>
    /// <param name="text">The document now.</param>
    /// <param name="cursor">The cursor in it.</param>
    /// <returns>Null where anything else than typing at that place came between.</returns>
    public static string? Since(SuggestionRequest earlier, SourceText text, int cursor)
    {
        var typed = cursor - earlier.Cursor;
        if (typed < 0 || text.Length - earlier.Text.Length != typed) return null;

        var before = Math.Min(earlier.Cursor, Window);
        var after = Math.Min(text.Length - cursor, Window);
        return IsSame(earlier.Text, earlier.Cursor - before, text, earlier.Cursor - before, before)
            && IsSame(earlier.Text, earlier.Cursor, text, cursor, after)
                ? text.Substring(earlier.Cursor, typed)
                : null;
    }

    private static bool IsSame(SourceText left, int leftStart, SourceText right, int rightStart, int length) =>
        left.Substring(leftStart, length).AsSpan().SequenceEqual(right.Substring(rightStart, length));
}
