using System.Buffers;

namespace Infill.Completion.Shaping;

/// <summary>Finds where a suggestion begins to say again what already stands behind the cursor on its line.</summary>
/// <remarks>
/// Keeps every place from which on the suggestion is, so far, the beginning of that text. A place is dropped for
/// good as soon as a character differs, so text before the first kept place is safe to show.
/// </remarks>
internal sealed class RestOfLineRepetition
{
    /// <summary>So much said again is a repetition whatever follows.</summary>
    private const int MaxLength = 256;

    /// <summary>So much is no accident, wherever in a word or a bracket it begins.</summary>
    private const int TellingLength = 4;

    private static readonly SearchValues<char> Deciding = SearchValues.Create(")]}>\"'`;");

    private readonly string _rest;
    private readonly bool _isDecisive;
    private readonly bool _isTelling;
    private readonly int _debt;
    private readonly int _rejoinLength;
    private readonly bool _isQuoteClosing;
    private readonly QuoteTracker _quotes = new();
    private readonly List<Start> _starts = [];
    private int _length;
    private int _first = -1;
    private int _openBrackets;
    private int _openBraces;
    private int _openAngles;

    public RestOfLineRepetition(SuggestionContext context)
    {
        var rest = context.LineAfter.AsSpan().Trim();
        _rest = rest[..Math.Min(rest.Length, MaxLength)].ToString();
        if (_rest.Length == 0) return;

        _debt = context.BracketDebt();
        _rejoinLength = context.Rules.RejoinLength;
        _isTelling = _rest.Length >= TellingLength && !_rest.All(QuoteTracker.IsWord);

        // Where the brackets behind the cursor have no openers yet, the suggestion's own `)` may be any of several.
        var isAmbiguous = _debt > 0 && _rest.All(static c => c is ')' or ']');
        _isDecisive = !isAmbiguous && (_rest.AsSpan().ContainsAny(Deciding) || _rest.Any(QuoteTracker.IsWord));
        _isQuoteClosing = _rest.Count(c => c == _rest[0]) % 2 == 1;
        foreach (var c in context.LineBefore) _quotes.Push(c);
    }

    /// <summary>From here on the suggestion may be a repetition; <see cref="int.MaxValue"/> where it can't.</summary>
    public int FirstStart => _starts.Count == 0 ? int.MaxValue : _starts[0].Position;

    /// <summary>Takes the next character. True, when all that follows the cursor has been said again from <see cref="FirstStart"/> on.</summary>
    public bool Push(char c)
    {
        var position = _length++;
        if (_rest.Length == 0) return false;
        if (IsRepeated(position, c)) return true;

        if (_first < 0 && !char.IsWhiteSpace(c)) _first = position;
        KeepStarts(position, c);
        if (HasRejoined()) return true;
        if (c == _rest[0])
        {
            var isSure = CanStart(c, position);
            if (isSure || _isTelling) _starts.Add(new Start(position, isSure));
        }

        if (_quotes.Push(c)) Count(c);

        // Behind a word the next character decides: it may be a longer word.
        return !QuoteTracker.IsWord(_rest[^1]) && IsRepeated(_length, next: '\0');
    }

    /// <summary>Where to cut a suggestion that ends here; its length where it repeats nothing.</summary>
    public int CutAtEnd()
    {
        foreach (var (start, isSure) in _starts)
        {
            var matched = _length - start;
            if (matched == _rest.Length) return start;

            // Half a word alike is an accident, unless it is all there is.
            var endsInWord = QuoteTracker.IsWord(_quotes.Previous) && QuoteTracker.IsWord(_rest[matched]);
            if (isSure && (start == _first || !endsInWord)) return start;
        }

        return _length;
    }

    private void KeepStarts(int position, char c)
    {
        var kept = 0;
        for (var i = 0; i < _starts.Count; i++)
        {
            var matched = position - _starts[i].Position;
            if (matched < _rest.Length && _rest[matched] == c) _starts[kept++] = _starts[i];
        }

        _starts.RemoveRange(kept, _starts.Count - kept);
    }

    /// <summary>Whether so much of the rest was said again from the first place on that what follows can only be another rest.</summary>
    private bool HasRejoined()
    {
        if (_rejoinLength == 0 || _starts.Count == 0) return false;
        var matched = _length - _starts[0].Position;
        return matched >= _rejoinLength && matched <= _rest.Length && HasWordAndSign(_rest.AsSpan(0, matched));
    }

    private static bool HasWordAndSign(ReadOnlySpan<char> text)
    {
        var (hasWord, hasSign) = (false, false);
        foreach (var c in text)
        {
            hasWord |= QuoteTracker.IsWord(c);
            hasSign |= !QuoteTracker.IsWord(c) && !char.IsWhiteSpace(c);
        }

        return hasWord && hasSign;
    }

    /// <summary>Whether the first place met the rest's end at <paramref name="end"/>, and <paramref name="next"/> doesn't make its last word longer.</summary>
    /// <remarks>
    /// A comma or an operator alone ends nothing: `, 3, 4` is a good suggestion before a comma. Such a rest counts
    /// only at the suggestion's end.
    /// </remarks>
    private bool IsRepeated(int end, char next) =>
        _isDecisive
        && _starts.Count > 0
        && end - _starts[0].Position == _rest.Length
        && !(QuoteTracker.IsWord(_rest[^1]) && QuoteTracker.IsWord(next));

    /// <summary>Whether even a few characters from here on may be a repetition, rather than the suggestion's own.</summary>
    private bool CanStart(char c, int position)
    {
        if (QuoteTracker.IsQuote(c)) return _quotes.IsInString == _isQuoteClosing && _openBrackets == _debt;
        if (!_quotes.IsInString)
        {
            // A closing bracket repeats one only where the suggestion has opened and closed what it owes.
            if (c is ')' or ']') return _openBrackets == _debt;
            if (c == '}') return _openBraces == 0;
            if (c == '>') return _openAngles == 0 && _quotes.Previous is not ('-' or '=');
        }

        return position == _first || !QuoteTracker.IsWord(c) || !QuoteTracker.IsWord(_quotes.Previous);
    }

    private void Count(char c)
    {
        switch (c)
        {
            case '(' or '[':
                _openBrackets++;
                break;
            case ')' or ']':
                _openBrackets--;
                _openAngles = 0; // what looked like a type argument was a comparison
                break;
            case '{':
                _openBraces++;
                break;
            case '}':
                _openBraces--;
                break;
            case '<':
                _openAngles++;
                break;
            case '>' when _openAngles > 0:
                _openAngles--;
                break;
        }
    }

    /// <summary>A place that may begin a repetition; one that isn't sure counts only where all of the rest follows.</summary>
    private readonly record struct Start(int Position, bool IsSure);
}
