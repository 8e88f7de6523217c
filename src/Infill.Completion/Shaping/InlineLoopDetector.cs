namespace Infill.Completion.Shaping;

/// <summary>
/// Finds where a model has lost its way within a line and says the same again and again: `{ _state: { _state: {`. Owned by one
/// thread.
/// </summary>
/// <remarks>
/// People repeat themselves in a line too: `0, 0, 0, 0`, `null, null, null`, `vec![vec![vec![`. So it takes four times, and a
/// part that says much, or that nests in itself.
/// </remarks>
internal sealed class InlineLoopDetector
{
    private const int Times = 4;

    /// <summary>Repeated this often, a part is held: the user need not see what is most likely cut.</summary>
    private const int TimesShown = 2;

    private const int LongestPart = 64;

    /// <summary>Letters and digits of a part that says much, and of one that opens more brackets than it closes.</summary>
    private const int LeastLetters = 10;
    private const int LeastLettersNesting = 3;

    /// <summary>For each length of a part, how many of the last characters equal the one that many before them.</summary>
    private readonly int[] _alike = new int[LongestPart + 1];

    /// <summary>How much of the line may be shown, from its start; null where all of it may.</summary>
    public int? Shown { get; private set; }

    /// <summary>Looks at a line that has grown by a character.</summary>
    /// <param name="line">All of it that the suggestion adds; each time one longer.</param>
    /// <returns>Whether the line is a loop for sure; then <see cref="Shown"/> says where to cut it.</returns>
    public bool Push(ReadOnlySpan<char> line)
    {
        Shown = null;
        var isSure = false;
        for (var length = 1; length <= Math.Min(LongestPart, line.Length - 1); length++)
        {
            _alike[length] = line[^(length + 1)] == line[^1] ? _alike[length] + 1 : 0;
            if (_alike[length] < (TimesShown - 1) * length || !SaysEnough(line[^length..])) continue;
            var shown = line.Length - _alike[length] + ((TimesShown - 1) * length);
            Shown = Math.Min(Shown ?? shown, shown);
            isSure |= _alike[length] >= (Times - 1) * length;
        }

        return isSure;
    }

    /// <summary>A line has ended, and nothing in it was a loop.</summary>
    public void BeginLine()
    {
        Array.Clear(_alike);
        Shown = null;
    }

    private static bool SaysEnough(ReadOnlySpan<char> part)
    {
        var letters = 0;
        var open = 0;
        foreach (var c in part)
        {
            if (char.IsLetterOrDigit(c)) letters++;
            else if (c is '(' or '[' or '{') open++;
            else if (c is ')' or ']' or '}') open--;
        }

        return letters >= (open > 0 ? LeastLettersNesting : LeastLetters);
    }
}
