namespace Infill.Completion.Shaping;

/// <summary>Finds where a suggestion begins to say again the lines that already stand below the cursor.</summary>
/// <remarks>
/// A line counts as said again when its text is that of the next line below that isn't blank. Two things make
/// an equal line a good one: it closes what the suggestion opened, or it stands deeper than the line below, as
/// the body of something new does. A deeper one is held until the next line says whether a run begins.
/// </remarks>
internal sealed class FollowingLineRepetition(SuggestionContext context)
{
    /// <summary>Where a line starts that may be the first of a run; -1 where none is held.</summary>
    public int HeldStart { get; private set; } = -1;

    /// <summary>Takes a complete line that isn't blank. Where to cut the suggestion, or -1 if nothing was said again.</summary>
    /// <param name="line">The line as it will stand in the document, without its break.</param>
    /// <param name="start">Where it starts in the suggestion.</param>
    /// <param name="closesOwn">Whether it begins by closing what the suggestion opened.</param>
    /// <param name="isShown">Whether it is shown already, so that it can't be held.</param>
    public int Check(ReadOnlySpan<char> line, int start, bool closesOwn, bool isShown)
    {
        var held = HeldStart;
        HeldStart = -1;
        if (held >= 0 && context.Following(1) is { } second && line.Trim().SequenceEqual(second.Text)) return held;

        if (closesOwn || context.Following(0) is not { } next || !line.Trim().SequenceEqual(next.Text)) return -1;
        if (IsPlacedAlike(SuggestionContext.Indentation(line), next)) return start;
        if (!isShown) HeldStart = start;
        return -1;
    }

    /// <summary>Whether a line that is still growing may yet be one that <see cref="Check"/> cuts by itself.</summary>
    /// <param name="before">The part of it that the document holds already.</param>
    /// <param name="growing">The part of it that the suggestion adds, so far.</param>
    /// <param name="closesOwn">As in <see cref="Check"/>.</param>
    public bool MayRepeat(ReadOnlySpan<char> before, ReadOnlySpan<char> growing, bool closesOwn)
    {
        if (closesOwn || context.Following(0) is not { } next) return false;

        var isNew = before.IsWhiteSpace();
        var indentation = SuggestionContext.Indentation(before) + (isNew ? SuggestionContext.Indentation(growing) : 0);
        var known = before.TrimStart();
        var added = (isNew ? growing.TrimStart() : growing).TrimEnd();
        return IsPlacedAlike(indentation, next)
            && next.Text.AsSpan().StartsWith(known)
            && next.Text.AsSpan(known.Length).StartsWith(added);
    }

    /// <summary>A line of brackets alone closes the block of its column, so it must stand just where the other does.</summary>
    private static bool IsPlacedAlike(int indentation, SuggestionContext.FollowingLine next) =>
        next.Text.Any(char.IsLetterOrDigit) ? indentation <= next.Indentation : indentation == next.Indentation;
}
