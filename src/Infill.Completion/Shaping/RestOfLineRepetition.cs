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

    private static readonly SearchValues<char> Deciding = SearchValues.Create(")]}>\"'`;");

    private readonly string _rest;
    private readonly bool _isDecisive;
    private readonly List<int> _starts = [];
    private char _previous;
    private int _first = -1;
    private int _length;

    /// <param name="lineAfter">The text behind the cursor on its line.</param>
    /// <param name="lineBefore">The text before it: a word that the suggestion continues doesn't start there.</param>
    public RestOfLineRepetition(string lineAfter, string lineBefore)
    {
        var rest = lineAfter.AsSpan().Trim();
        _rest = rest[..Math.Min(rest.Length, MaxLength)].ToString();
        _isDecisive = _rest.AsSpan().ContainsAny(Deciding) || _rest.Any(BracketBalance.IsWord);
        _previous = lineBefore.Length == 0 ? '\n' : lineBefore[^1];
    }

    /// <summary>From here on the suggestion may be a repetition; <see cref="int.MaxValue"/> where it can't.</summary>
    public int FirstStart => _starts.Count == 0 ? int.MaxValue : _starts[0];

    /// <summary>Takes the next character. True, when all that follows the cursor has been said again from <see cref="FirstStart"/> on.</summary>
    public bool Push(char c, BracketRole role)
    {
        var position = _length++;
        if (_rest.Length == 0) return false;
        if (IsRepeated(position, c)) return true;

        if (_first < 0 && !char.IsWhiteSpace(c)) _first = position;
        var kept = 0;
        for (var i = 0; i < _starts.Count; i++)
        {
            var matched = position - _starts[i];
            if (matched < _rest.Length && _rest[matched] == c) _starts[kept++] = _starts[i];
        }

        _starts.RemoveRange(kept, _starts.Count - kept);
        if (c == _rest[0] && CanStart(c, role, position)) _starts.Add(position);
        _previous = c;

        // Behind a word the next character decides: it may be a longer word.
        return !BracketBalance.IsWord(_rest[^1]) && IsRepeated(_length, next: '\0');
    }

    /// <summary>Where to cut a suggestion that ends here; its length where it repeats nothing.</summary>
    public int CutAtEnd()
    {
        foreach (var start in _starts)
        {
            var matched = _length - start;
            var isWhole = matched == _rest.Length || start == _first;
            if (isWhole || !BracketBalance.IsWord(_previous) || !BracketBalance.IsWord(_rest[matched])) return start;
        }

        return _length;
    }

    /// <summary>Whether the first place met the rest's end at <paramref name="end"/>, and <paramref name="next"/> doesn't make its last word longer.</summary>
    /// <remarks>
    /// A comma or an operator alone ends nothing: `, 3, 4` is a good suggestion before a comma. Such a rest counts
    /// only at the suggestion's end.
    /// </remarks>
    private bool IsRepeated(int end, char next) =>
        _isDecisive
        && _starts.Count > 0
        && end - _starts[0] == _rest.Length
        && !(BracketBalance.IsWord(_rest[^1]) && BracketBalance.IsWord(next));

    private bool CanStart(char c, BracketRole role, int position) =>
        position == _first
        || (role is BracketRole.None or BracketRole.ClosesEarlier
            && !(BracketBalance.IsWord(c) && BracketBalance.IsWord(_previous)));
}
