namespace Infill.Completion.Shaping;

/// <summary>Keeps a suggestion from closing what others close, and knows what it leaves open. Owned by one thread.</summary>
internal sealed class DelimiterGuard(Delimiters around)
{
    /// <summary>More brackets than that are not opened again.</summary>
    private const int MostLent = 2;

    private readonly List<Opened> _open = [];
    private readonly List<char> _lent = []; // closing brackets of others' that were taken, to be opened again
    private int _lentAt = -1;
    private int _stringClosedAt = -1;
    private CodeScanner _scanner = around.AtCursor;
    private int _length;
    private int _line;
    private int _stringLine = -1; // where the string begins that the suggestion opened last
    private int _paid;
    private char _last;

    /// <summary>Whether a bracket is open that the suggestion opened.</summary>
    public bool IsInBracket => _open.Count > 0;

    /// <summary>
    /// Where the suggestion closed a string or bracket that has to go on behind it, and hasn't opened it again: what it ends before,
    /// unless it does. -1 where it didn't.
    /// </summary>
    public int HeldAt
    {
        get
        {
            var closedAt = _stringClosedAt < 0 && HasHalfQuote ? _length - 1 : _stringClosedAt;
            return closedAt >= 0 && _lentAt >= 0 ? Math.Min(closedAt, _lentAt) : Math.Max(closedAt, _lentAt);
        }
    }

    /// <summary>Whether the text so far ends in half of a doubled quote, which <see cref="Missing"/> would make whole.</summary>
    public bool EndsInHalfQuote => HasHalfQuote && _scanner.QuoteRun == 1 && !around.HasHalfQuoteBehind;

    private bool StringGoesOn => around.AtCursor.IsInString && !around.TogglesString;

    private bool HasHalfQuote => StringGoesOn && _scanner.QuoteRun % 2 == 1 && _scanner.IsInStringOf(around.AtCursor);

    /// <summary>Takes the next character. False where brackets have gone wrong for good: cut before it, or where it is held.</summary>
    public bool Push(char c)
    {
        var wasInString = _scanner.IsInStringOf(around.AtCursor);
        var wasInAny = _scanner.IsInString;
        var hadQuotes = _scanner.QuoteRun > 0;
        var isCode = _scanner.Push(c);
        if (!wasInAny && _scanner.IsInString) _stringLine = _line;
        var position = _length++;
        if (c == '\n' && _lent.Count > 0) return false;
        if (c == '\n') _line++;
        else if (!char.IsWhiteSpace(c)) _last = c;
        if (StringGoesOn) WatchString(wasInString, hadQuotes ? position - 1 : position);
        if (!isCode) return true;
        if (BracketStack.IsOpening(c)) Open(c);
        return !BracketStack.IsClosing(c) || TryClose(c) || TryLend(c, position);
    }

    /// <summary>What to append, so that the suggestion leaves no more open than the text behind it closes. Empty where nothing is missing.</summary>
    /// <param name="indentationOf">White space at the start of a line of the suggestion, by its number from 0: the cursor's own line.</param>
    /// <param name="isSingleLine">Whether everything has to stay on the line.</param>
    public string Missing(Func<int, string> indentationOf, bool isSingleLine)
    {
        if (EndsInHalfQuote) return "\"";
        var missing = ClosesString ? _scanner.Closer : "";
        var closedBehind = ClosedBehind();
        if (_scanner.IsInString && !ClosesString) return ""; // it goes on behind the cursor: a bracket would be a part of it
        if (around.Opens != '\0' && !_scanner.IsInString) // and so would it here
        {
            return _scanner.IsInComment || closedBehind != around.Surplus.Count || closedBehind != _open.Count ? "" : $"{around.Opens}";
        }

        var line = _line;
        for (var top = _open.Count - 1; top >= closedBehind; top--)
        {
            var opened = _open[top];
            var isBareBrace = _last == '{' && missing.Length == 0; // a block's, which has its end on a line of its own
            var endsInComment = _scanner.IsInComment && missing.Length == 0;
            var startsLine = !isSingleLine && (opened.Line < line || isBareBrace || endsInComment);
            if (startsLine) missing += "\n" + indentationOf(opened.Line);
            else if (endsInComment) return ""; // it would be a part of the comment
            if (startsLine) line = opened.Line;
            missing += BracketStack.Closing(opened.Sign);
        }

        return missing;
    }

    /// <summary>Whether the string that the suggestion ends in is its own to close: one that ends with its line, or that began on the last one.</summary>
    private bool ClosesString => _scanner.IsInLineString
        ? !(around.AtCursor.IsInLineString ^ around.TogglesString)
        : _scanner.IsInString && !around.AtCursor.IsInString && !around.TogglesString && _stringLine == _line;

    /// <summary>How many of the outermost brackets that are open the text behind the cursor closes.</summary>
    private int ClosedBehind()
    {
        for (var count = Math.Min(_open.Count, around.Surplus.Count); count > 0; count--)
        {
            var fits = true;
            for (var i = 0; i < count; i++) fits &= around.Surplus[i] == BracketStack.Closing(_open[count - 1 - i].Sign);
            if (fits) return count;
        }

        return 0;
    }

    private void Open(char c)
    {
        if (_lent.Count > 0 && _open.Count == 0 && _lent[^1] == BracketStack.Closing(c))
        {
            _lent.RemoveAt(_lent.Count - 1); // as in `a) + (b` between two brackets
            if (_lent.Count == 0) _lentAt = -1;
            return;
        }

        _open.Add(new Opened(c, _line));
    }

    /// <summary>Whether a bracket that others close may yet be opened again on the line: `} else {`.</summary>
    private bool TryLend(char c, int position)
    {
        if (_open.Count > 0) return false; // it crosses one of its own
        if (_lent.Count == 0) _lentAt = position;
        _lent.Add(c);
        return _lent.Count <= MostLent;
    }

    private bool TryClose(char c)
    {
        if (_open.Count > 0)
        {
            if (BracketStack.Closing(_open[^1].Sign) != c) return false;
            _open.RemoveAt(_open.Count - 1);
            return true;
        }

        if (_paid == around.Owed.Count || around.Owed[_paid] != c) return false;
        _paid++;
        return true;
    }

    private void WatchString(bool wasInString, int position)
    {
        var isInString = _scanner.IsInStringOf(around.AtCursor);
        if (wasInString && !isInString) _stringClosedAt = _stringClosedAt < 0 ? position : _stringClosedAt;
        else if (!wasInString && isInString) _stringClosedAt = -1;
    }

    /// <param name="Sign">The bracket.</param>
    /// <param name="Line">The suggestion's line that it stands on.</param>
    private readonly record struct Opened(char Sign, int Line);
}
