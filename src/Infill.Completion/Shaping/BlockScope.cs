namespace Infill.Completion.Shaping;

/// <summary>Where the block, paragraph or statement that a suggestion belongs to ends, as indentation says it. Owned by one thread.</summary>
/// <remarks>
/// Behind text on its line a suggestion finishes the statement, and goes on only into what that opens. On a blank line that
/// begins a block it may write the whole block; on any other blank line it writes up to the next blank one. It never goes on at a
/// lower level than the cursor's: so it can't reach the next definition either.
/// </remarks>
internal sealed class BlockScope
{
    private static readonly string[] s_continuations = ["else", "elif", "catch", "except", "finally", "while"];

    private readonly int _cursor;
    private int _base;
    private bool _isStatement;
    private bool _isWholeBlock;

    public BlockScope(SuggestionContext context)
    {
        _cursor = _base = SuggestionContext.Indentation(context.LineBefore);
        _isStatement = !string.IsNullOrWhiteSpace(context.LineBefore);
        _isWholeBlock = context.IsMultiLineForced || (!_isStatement && context.PrecedingIndentation is { } above && above < _base);
    }

    /// <summary>The suggestion begins on a line of its own below the cursor's: that line's level is what it writes on.</summary>
    /// <param name="indentation">In columns.</param>
    public void BeginBelow(int indentation)
    {
        _isWholeBlock |= indentation > _base;
        _isStatement = false;
        _base = indentation;
    }

    /// <summary>Whether a line may be a part of the suggestion; null where only the whole line can tell. Never asked of the first line.</summary>
    /// <param name="indentation">In columns.</param>
    /// <param name="first">Its first sign that isn't blank.</param>
    /// <param name="afterBlank">Whether blank lines stand before it.</param>
    /// <param name="isInBracket">Whether brackets are open that the suggestion opened itself: inside them indentation means little.</param>
    public bool? MayBegin(int indentation, char first, bool afterBlank, bool isInBracket)
    {
        if (isInBracket) return true;
        if (indentation < _base) return indentation == _cursor && !afterBlank ? EndsBlock(first) : false;
        if (indentation > _base) return !(afterBlank && _isStatement);
        if (BracketStack.IsClosing(first)) return true; // one that isn't the suggestion's own is cut by the brackets
        if (first == '{') return !afterBlank;
        if (!_isStatement || _isWholeBlock) return !afterBlank || (_isWholeBlock && _base > 0);
        return afterBlank ? false : EndsBlock(first);
    }

    /// <summary>Whether a line may close, or go on behind, the block that the cursor's line has opened.</summary>
    private static bool? EndsBlock(char first)
    {
        if (BracketStack.IsClosing(first)) return true;
        return s_continuations.Any(word => word[0] == first) ? null : false;
    }

    /// <summary>Whether a line at the cursor's own level belongs to the statement that the suggestion has begun: `else`, `except`.</summary>
    public static bool IsContinuation(ReadOnlySpan<char> line)
    {
        foreach (var word in s_continuations)
        {
            if (line.StartsWith(word) && (line.Length == word.Length || !QuoteTracker.IsWord(line[word.Length]))) return true;
        }

        return false;
    }
}
