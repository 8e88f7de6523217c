namespace Infill.Completion.Shaping;

/// <summary>What a character of a suggestion does to brackets and quotes.</summary>
internal enum BracketRole
{
    None,

    /// <summary>Closes what was opened before the suggestion: the text behind the cursor may close it already.</summary>
    ClosesEarlier,

    /// <summary>Closes what the suggestion opened itself, so that nothing behind the cursor does.</summary>
    ClosesOwn,

    /// <summary>Stands in a string that the suggestion opened, or is part of an arrow.</summary>
    Bound,
}

/// <summary>
/// Follows brackets and quotes through a suggestion, to tell a closing bracket it owes from one that stands
/// behind the cursor already. One pass, no knowledge of the language: a guess that is right for most code.
/// </summary>
internal sealed class BracketBalance
{
    private readonly Stack<char> _open = new();
    private char _previous;
    private char _beforePrevious;
    private char _quote;
    private bool _isQuoteOwn;
    private bool _isEscaped;

    /// <param name="lineBefore">The cursor's line up to the cursor: it tells whether the cursor is in a string.</param>
    public BracketBalance(ReadOnlySpan<char> lineBefore)
    {
        foreach (var c in lineBefore) Push(c);
        _open.Clear();
        _isQuoteOwn = false;
    }

    /// <summary>Takes the next character, line breaks included.</summary>
    public BracketRole Push(char c)
    {
        var role = _quote == '\0' ? PushCode(c) : PushQuoted(c);
        _beforePrevious = _previous;
        _previous = c;
        return role;
    }

    private BracketRole PushQuoted(char c)
    {
        var inside = _isQuoteOwn ? BracketRole.Bound : BracketRole.None;
        if (_isEscaped)
        {
            _isEscaped = false;
            return inside;
        }

        if (c == '\\') _isEscaped = true;
        if (c == '\n' && _quote != '`') _quote = '\0'; // most strings end on their line; so it was an apostrophe
        if (c != _quote) return inside;

        _quote = '\0';
        return _isQuoteOwn ? BracketRole.ClosesOwn : BracketRole.ClosesEarlier;
    }

    private BracketRole PushCode(char c)
    {
        switch (c)
        {
            case '"' or '`':
            case '\'' when !IsApostrophe():
                _quote = c;
                _isQuoteOwn = true;
                return BracketRole.None;
            case '(' or '[' or '{':
            case '<' when IsWord(_previous): // a type argument; a comparison has a space before it
                _open.Push(c);
                return BracketRole.None;
            case ')' or ']' or '}':
                while (_open.TryPeek(out var angle) && angle == '<') _open.Pop(); // was a comparison after all
                return Close(c);
            case '>' when _previous is '-' or '=':
                return BracketRole.Bound;
            case '>' when !char.IsWhiteSpace(_previous):
                return Close(c);
            default:
                return BracketRole.None;
        }
    }

    private BracketRole Close(char c)
    {
        if (!_open.TryPeek(out var opener) || opener != OpenerOf(c)) return BracketRole.ClosesEarlier;
        _open.Pop();
        return BracketRole.ClosesOwn;
    }

    /// <summary>As in "don't"; but a letter before the quote may be a string's prefix, as in f'…'.</summary>
    private bool IsApostrophe() =>
        IsWord(_previous) && (IsWord(_beforePrevious) || !"bfruLBFRU".Contains(_previous, StringComparison.Ordinal));

    public static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static char OpenerOf(char closer) => closer switch
    {
        ')' => '(',
        ']' => '[',
        '}' => '{',
        _ => '<',
    };
}
