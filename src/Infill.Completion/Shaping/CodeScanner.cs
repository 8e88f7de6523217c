namespace Infill.Completion.Shaping;

/// <summary>
/// Tells code from strings and comments, one character after another, as far as a language's writing can be told without
/// parsing it: made so that brackets can be counted.
/// </summary>
internal struct CodeScanner(CodeLanguage language)
{
    private enum State
    {
        Code,
        LineComment,
        BlockComment,
        String,
        Triple,
        Verbatim,
        Character,
        Regex,
    }

    private State _state;
    private char _quote;
    private char _previous;          // the character before, whatever it was
    private char _beforePrevious;
    private char _lastCode = '\n';   // the last character of code that isn't a blank
    private bool _isEscaped;
    private bool _isInClass;         // of a regex: [/] ends nothing
    private int _length;             // characters of the string or character so far
    private int _run;                // quotes in a row at its end
    private bool _hasClosedEmpty;    // the last two were an empty string: a third quote opens a triple one

    /// <summary>Whether the next character stands in code.</summary>
    public readonly bool IsInCode => _state == State.Code;

    /// <summary>Whether the next character stands in a comment.</summary>
    public readonly bool IsInComment => _state is State.LineComment or State.BlockComment;

    /// <summary>Whether the next character stands in a string that ends with its line at the latest.</summary>
    public readonly bool IsInLineString => _state switch
    {
        State.String => _quote != '`' && !language.HasMultiLineStrings,
        State.Character => language.SingleQuotes != SingleQuotes.CharacterOrLifetime,
        _ => false,
    };

    /// <summary>Whether the next character stands in a string of any sort.</summary>
    public readonly bool IsInString => _state is State.String or State.Triple or State.Verbatim or State.Character;

    /// <summary>The quote that ends the string that the next character stands in.</summary>
    public readonly char Quote => _quote;

    /// <summary>Quotes in a row at the end of a verbatim string so far: an odd number ends it, unless another one follows.</summary>
    public readonly int QuoteRun => _state == State.Verbatim ? _run : 0;

    /// <summary>What closes the string that the next character stands in; empty where it is closed already, or where the next character is an escaped one.</summary>
    public readonly string Closer => _state switch
    {
        _ when _isEscaped => "",
        State.Triple => new string(_quote, 3 - _run),
        State.Verbatim when _run % 2 == 1 => "",
        _ => $"{_quote}",
    };

    /// <summary>Whether the next character stands in a string of the same sort as another's.</summary>
    public readonly bool IsInStringOf(in CodeScanner other) => IsInString && _state == other._state && _quote == other._quote;

    /// <summary>Takes the next character. True where it is code: neither in a string or comment nor one of their marks.</summary>
    public bool Push(char c)
    {
        var isCode = _state == State.Code ? PushCode(c) : PushOther(c);
        if (isCode && !char.IsWhiteSpace(c)) _lastCode = c;
        _beforePrevious = _previous;
        _previous = c;
        return isCode;
    }

    private bool PushCode(char c)
    {
        var hadClosedEmpty = _hasClosedEmpty;
        _hasClosedEmpty = false;
        if (hadClosedEmpty && c == _quote && language.HasTripleQuotes)
        {
            Enter(State.Triple, c);
            return false;
        }

        switch (c)
        {
            case '#' when language.LineComment == "#":
            case '/' when _previous == '/' && language.LineComment == "//":
                Enter(State.LineComment, c);
                return false;
            case '*' when _previous == '/' && language.HasBlockComments:
                Enter(State.BlockComment, c);
                return false;
            case '/' when language.HasRegexes && MayBeginValue():
                Enter(State.Regex, c);
                return false;
            case '"' when language.HasVerbatimStrings && (_previous == '@' || (_previous == '$' && _beforePrevious == '@')):
                Enter(State.Verbatim, c);
                return false;
            case '`' when language.HasBackquotes || !language.IsKnown:
            case '"':
            case '\'' when language.SingleQuotes == SingleQuotes.Text:
            case '\'' when language.SingleQuotes == SingleQuotes.Guessed && !IsApostrophe():
                Enter(State.String, c);
                return false;
            case '\'' when language.SingleQuotes is SingleQuotes.Character or SingleQuotes.CharacterOrLifetime:
                Enter(State.Character, c);
                return false;
            default:
                return true;
        }
    }

    private bool PushOther(char c)
    {
        _length++;
        switch (_state)
        {
            case State.LineComment:
                if (c == '\n') _state = State.Code;
                return c == '\n';
            case State.BlockComment:
                if (c == '/' && _previous == '*' && _length > 1) Leave();
                return false;
            case State.Regex:
                PushRegex(c);
                return false;
            case State.Triple:
                PushTriple(c);
                return false;
            case State.Verbatim:
                return PushVerbatim(c);
            case State.Character:
                return PushCharacter(c);
            default:
                PushString(c);
                return false;
        }
    }

    private void PushString(char c)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
        }
        else if (c == '\\' && (_quote != '`' || language.HasRegexes)) // Go's raw strings have no escapes, templates have
        {
            _isEscaped = true;
        }
        else if (c == _quote)
        {
            _hasClosedEmpty = _length == 1;
            Leave();
        }
        else if (c == '\n' && _quote != '`' && !language.HasMultiLineStrings)
        {
            Leave(); // it was no string after all, or one that isn't finished yet
        }
    }

    private void PushTriple(char c)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
            _run = 0;
            return;
        }

        _isEscaped = c == '\\' && language.HasBlocksByIndentation; // Python's and Java's have escapes; C#'s raw ones have none
        _run = c == _quote ? _run + 1 : 0;
        if (_run == 3) Leave();
    }

    /// <summary>A quote ends it only where the next character is none: so the end is known one character late.</summary>
    private bool PushVerbatim(char c)
    {
        if (c == '"')
        {
            _run++;
            return false;
        }

        var hasEnded = _run % 2 == 1;
        _run = 0;
        if (!hasEnded) return false;
        Leave();
        return PushCode(c);
    }

    private bool PushCharacter(char c)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
        }
        else if (c == '\\')
        {
            _isEscaped = true;
        }
        else if (c == '\'' || c == '\n')
        {
            Leave();
        }
        else if (language.SingleQuotes == SingleQuotes.CharacterOrLifetime && _length == 2 && _previous != '\\')
        {
            Leave(); // 'a without a second quote is a lifetime
            return PushCode(c);
        }

        return false;
    }

    private void PushRegex(char c)
    {
        if (_length == 1 && c is '/' or '*')
        {
            _state = c == '/' ? State.LineComment : State.BlockComment;
            _length = 0;
        }
        else if (_isEscaped) _isEscaped = false;
        else if (c == '\\') _isEscaped = true;
        else if (c == '[') _isInClass = true;
        else if (c == ']') _isInClass = false;
        else if ((c == '/' && !_isInClass) || c == '\n') Leave();
    }

    private void Enter(State state, char quote)
    {
        _state = state;
        _quote = quote;
        _length = 0;
        _run = 0;
        _isEscaped = false;
        _isInClass = false;
    }

    private void Leave()
    {
        _state = State.Code;
        _lastCode = '"'; // a value has ended: what follows is no regex
    }

    private readonly bool MayBeginValue() => _lastCode is '\n' or '(' or ',' or '=' or ':' or '[' or '!' or '&' or '|' or '?' or '{' or '}' or ';' or '>';

    /// <summary>As in "don't"; but a single letter before the quote may be a string's prefix, as in f'…'.</summary>
    private readonly bool IsApostrophe() => QuoteTracker.IsWord(_previous)
        && (QuoteTracker.IsWord(_beforePrevious) || !"bfruLBFRU".Contains(_previous, StringComparison.Ordinal));
}
