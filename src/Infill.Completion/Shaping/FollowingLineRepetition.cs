namespace Infill.Completion.Shaping;

/// <summary>Finds where a suggestion begins to say again the lines that already stand below the cursor.</summary>
/// <remarks>
/// A line counts as said again when its text is that of the next line below that isn't blank. Some lines are too
/// common for that: those that open something or announce what comes, and those that stand deeper than the line
/// below, as the body of something new does. Such a line is held until the next one says whether a run begins.
/// A suggestion that is nothing but such a line, however deep, would change nothing that happens.
/// A line that begins with a closing bracket ends the block of its column: two alike in one column would close
/// one block twice, and in another column they have nothing to do with each other.
/// </remarks>
internal sealed class FollowingLineRepetition(SuggestionContext context)
{
    private const string Separators = ",;";
    private const int LeastLetters = 4;

    private bool _isHeldCutAtEnd;

    /// <summary>Where a line starts that may be the first of a run; -1 where none is held.</summary>
    public int HeldStart { get; private set; } = -1;

    /// <summary>Where to cut a suggestion that ends here, because its last line is the next below; -1 where it isn't.</summary>
    public int CutAtEnd => _isHeldCutAtEnd ? HeldStart : -1;

    /// <summary>Takes a complete line that isn't blank. Where to cut the suggestion, or -1 if nothing was said again for sure.</summary>
    /// <param name="line">The line as it will stand in the document, without its break.</param>
    /// <param name="start">Where it starts in the suggestion.</param>
    /// <param name="isFirst">Whether it is the suggestion's first: <see cref="MayRepeat"/> has held it until here, and alone it is worth nothing.</param>
    public int Check(ReadOnlySpan<char> line, int start, bool isFirst)
    {
        var held = HeldStart;
        HeldStart = -1;
        if (held >= 0 && context.Following(1) is { } second && IsAlike(line, second.Text)) return held;

        if (context.Following(0) is not { } next || !IsAlike(line, next.Text)) return -1;
        var isAlike = IsPlacedAlike(SuggestionContext.Indentation(line), next);
        if (isAlike && !IsCommon(next.Text)) return start;
        if (IsClosing(next.Text)) return -1;

        HeldStart = start;
        _isHeldCutAtEnd = isAlike || isFirst;
        return -1;
    }

    /// <summary>Whether a line, all of a suggestion, is one that is cut.</summary>
    public bool IsRepetition(ReadOnlySpan<char> line) => Check(line, 0, isFirst: true) >= 0 || CutAtEnd >= 0;

    /// <summary>Whether the first line, still growing, may yet be one that <see cref="Check"/> cuts or holds.</summary>
    /// <param name="before">The part of it that the document holds already.</param>
    /// <param name="growing">The part of it that the suggestion adds, so far.</param>
    public bool MayRepeat(ReadOnlySpan<char> before, ReadOnlySpan<char> growing)
    {
        if (context.Following(0) is not { } next) return false;

        var isNew = before.IsWhiteSpace();
        var indentation = SuggestionContext.Indentation(before) + (isNew ? SuggestionContext.Indentation(growing) : 0);
        return (!IsClosing(next.Text) || IsPlacedAlike(indentation, next)) && MayBecomeAlike(string.Concat(before, growing), next.Text);
    }

    /// <summary>Whether a line that grows may yet be one that <see cref="IsAlike"/> takes for <paramref name="whole"/>.</summary>
    private static bool MayBecomeAlike(ReadOnlySpan<char> growing, ReadOnlySpan<char> whole)
    {
        growing = growing.Trim().TrimEnd(Separators);
        while (true)
        {
            growing = growing.TrimStart();
            whole = whole.TrimStart();
            if (growing.IsEmpty) return true;
            if (whole.IsEmpty || growing[0] != whole[0]) return false;
            growing = growing[1..];
            whole = whole[1..];
        }
    }

    /// <summary>Whether two lines are the same but for blanks and a separator at the end.</summary>
    private static bool IsAlike(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        left = left.Trim().TrimEnd(Separators);
        right = right.Trim().TrimEnd(Separators);
        while (true)
        {
            left = left.TrimStart();
            right = right.TrimStart();
            if (left.IsEmpty || right.IsEmpty) return left.IsEmpty && right.IsEmpty;
            if (left[0] != right[0]) return false;
            left = left[1..];
            right = right[1..];
        }
    }

    private static bool IsPlacedAlike(int indentation, SuggestionContext.FollowingLine next) =>
        IsClosing(next.Text) ? indentation == next.Indentation : indentation <= next.Indentation;

    private static bool IsClosing(string line) => line[0] is ')' or ']' or '}';

    /// <summary>Words that somebody wrote, which are not written twice.</summary>
    private static bool IsComment(string line) =>
        (line.StartsWith("//", StringComparison.Ordinal) || line.StartsWith("# ", StringComparison.Ordinal)) && line.Count(char.IsLetterOrDigit) >= LeastLetters;

    /// <summary>Whether two such lines often stand near each other: an attribute, a comment, `try:`, `if err != nil {`, signs alone.</summary>
    private static bool IsCommon(string line) =>
        !IsClosing(line)
        && !IsComment(line)
        && (line[0] is '[' or '@' or '#' or '/' or '*' or '<' or '"'
            || line[^1] is '(' or '[' or '{' or ':'
            || !line.Any(char.IsLetterOrDigit));
}
