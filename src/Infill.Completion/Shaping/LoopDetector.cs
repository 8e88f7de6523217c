namespace Infill.Completion.Shaping;

/// <summary>Finds where a model has lost its way and says the same lines again and again. Owned by one thread.</summary>
/// <remarks>Digits don't count: `a1 = 1`, `a2 = 2` is a loop as well, only that it takes longer to be sure of it.</remarks>
internal sealed class LoopDetector
{
    /// <summary>The same line so many times in a row, or the same few lines so many times, are a loop.</summary>
    private const int Times = 3;

    /// <summary>Lines that differ in their numbers alone may be a list that the user wants: up to so many.</summary>
    private const int TimesButForNumbers = 5;

    private const int MostLines = 4;

    /// <summary>Fewer letters and digits are nothing to tell a loop by: `}`, `break;`.</summary>
    private const int LeastLetters = 10;

    private readonly List<(string Text, string Shape)> _lines = [];

    /// <summary>Takes a whole line that isn't blank.</summary>
    /// <param name="line">As it will stand in the document.</param>
    /// <param name="start">Where it starts in the suggestion.</param>
    /// <returns>Where to cut, or -1: before this line, as those above are shown already.</returns>
    public int Push(string line, int start)
    {
        _lines.Add((line, string.Concat(line.Where(static c => !char.IsAsciiDigit(c)))));
        if (Repeats(1, Times, static line => line.Text)) return start;
        for (var length = 1; length <= MostLines; length++)
        {
            if (Letters(length) < LeastLetters) continue;
            if (length > 1 && Repeats(length, Times - 1, static line => line.Text)) return start;
            if (Repeats(length, TimesButForNumbers, static line => line.Shape)) return start;
        }

        return -1;
    }

    private int Letters(int length) => length > _lines.Count ? 0 : _lines.TakeLast(length).Sum(static line => line.Text.Count(char.IsLetterOrDigit));

    private bool Repeats(int length, int times, Func<(string Text, string Shape), string> part)
    {
        if (_lines.Count < length * times) return false;
        for (var back = 1; back <= length * (times - 1); back++)
        {
            if (part(_lines[^back]) != part(_lines[^(back + length)])) return false;
        }

        return true;
    }
}
