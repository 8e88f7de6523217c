namespace Infill.Completion.Shaping;

/// <summary>
/// Tells code from the inside of strings, one character after another. It knows no language: a guess that is
/// right for most code, made so that a bracket in a string isn't taken for one.
/// </summary>
internal sealed class QuoteTracker
{
    private char _previous;
    private char _beforePrevious;
    private char _quote;
    private bool _isEscaped;

    /// <summary>Whether the next character stands in a string, or closes it.</summary>
    public bool IsInString => _quote != '\0';

    /// <summary>The quote that ends the string; \0 in code.</summary>
    public char Quote => _quote;

    /// <summary>The character before the next one; \0 at the start.</summary>
    public char Previous => _previous;

    public static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    public static bool IsQuote(char c) => c is '"' or '\'' or '`';

    /// <summary>Takes the next character. True where it is code: neither in a string nor one of its quotes.</summary>
    public bool Push(char c)
    {
        var isCode = IsInString ? PushQuoted(c) : PushCode(c);
        _beforePrevious = _previous;
        _previous = c;
        return isCode;
    }

    private bool PushQuoted(char c)
    {
        var isEscaped = _isEscaped;
        _isEscaped = c == '\\' && !isEscaped;

        // Most strings end on their line; so one that doesn't was an apostrophe.
        if ((c == _quote && !isEscaped) || (c == '\n' && _quote != '`')) _quote = '\0';
        return false;
    }

    private bool PushCode(char c)
    {
        if (!IsQuote(c) || (c == '\'' && IsApostrophe())) return true;
        _quote = c;
        _isEscaped = false;
        return false;
    }

    /// <summary>As in "don't"; but a single letter before the quote may be a string's prefix, as in f'…'.</summary>
    private bool IsApostrophe() =>
        IsWord(_previous) && (IsWord(_beforePrevious) || !"bfruLBFRU".Contains(_previous, StringComparison.Ordinal));
}
