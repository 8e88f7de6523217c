using System.Diagnostics;
using Infill.Completion.Documents;

namespace Infill.Completion.Shaping;

/// <summary>
/// Turns the text that a model streams for one cursor into the suggestion that may be shown. Pure: no model, no
/// clock. Owned by one thread at a time.
/// </summary>
/// <remarks>
/// What is shown is never taken back: each snapshot is a prefix of the next and of the final text. It never ends
/// in white space or inside a surrogate pair. Text that may turn out to repeat what stands behind the cursor is
/// held until that is decided. The first line that isn't blank is shown as it grows, later ones once complete,
/// so that a token limit can drop a half one. How the raw text was cut into pieces makes no difference.
/// </remarks>
internal sealed class CompletionShaper(SuggestionContext context)
{
    /// <summary>The same line so many times in a row is a model that has lost its way.</summary>
    private const int LoopLength = 3;

    private readonly RestOfLineRepetition _restOfLine = new(context);
    private readonly FollowingLineRepetition _followingLines = new(context);

    /// <summary>The raw text up to <see cref="_length"/>, with \n for line breaks.</summary>
    private char[] _text = new char[256];
    private int _length;

    /// <summary>How much of it was looked at: white space waits for what follows it.</summary>
    private int _examined;
    private int _lineStart;
    private int _lines = 1;
    private bool _isFirstLineComplete;
    private string _lastLine = "";
    private int _timesInRow;

    private int _visible;
    private string? _current;
    private int _taken;
    private bool _isFinished;

    /// <summary>Whether the rest of the model's text would be cut: generation can stop now. Further text is ignored.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The text that may be shown now, in the document's line breaks; empty where there is none yet.</summary>
    public string Current
    {
        get
        {
            if (_current is not null) return _current;
            var text = new string(_text, 0, _visible);
            return _current = context.LineBreakStyle == LineBreakStyle.CrLf
                ? text.Replace("\n", "\r\n", StringComparison.Ordinal) // no snapshot ends in a break, so none is split
                : text;
        }
    }

    /// <summary>Takes the next piece of the model's text, cut anywhere. A \r is dropped: breaks are \n here.</summary>
    /// <exception cref="InvalidOperationException">The suggestion was finished before.</exception>
    public void Append(ReadOnlySpan<char> delta)
    {
        if (_isFinished) throw new InvalidOperationException("A finished suggestion takes no more text.");
        foreach (var c in delta)
        {
            if (IsDone) break;
            if (c != '\r') Push(c);
        }

        if (!IsDone) Show(SafeLength());
    }

    /// <summary>Gives <see cref="Current"/> where it has grown since the last call that gave it.</summary>
    public bool TryGetSnapshot(out string snapshot)
    {
        var hasGrown = _visible > _taken;
        snapshot = hasGrown ? Current : "";
        _taken = _visible;
        return hasGrown;
    }

    /// <summary>The final text; empty, where there is nothing worth showing. Called again, it says the same.</summary>
    /// <param name="endedByModel">False where a limit or a stop cut the text, so that its last line may be half.</param>
    public string Finish(bool endedByModel)
    {
        if (!IsDone) End(isLineComplete: endedByModel);
        _isFinished = true;
        return Current;
    }

    private void Push(char c)
    {
        if (_length == _text.Length) Array.Resize(ref _text, 2 * _length);
        if (c == '\n')
        {
            EndLine();
            if (IsDone) return;
        }

        _text[_length++] = c;
        if (!char.IsWhiteSpace(c)) Examine();
    }

    private void EndLine()
    {
        var isLeading = _length == 0;
        if (context.Mode == SuggestionMode.SingleLine || (_lines == context.MaxLines && !isLeading))
        {
            End(isLineComplete: true);
            return;
        }

        var cut = CheckLine();
        if (cut >= 0)
        {
            Stop(cut);
            return;
        }

        _lineStart = _length + 1;
        if (!isLeading) _lines++;
    }

    /// <summary>Looks for a repetition of the rest of the line in what was added up to here.</summary>
    private void Examine()
    {
        while (_examined < _length)
        {
            if (_restOfLine.Push(_text[_examined++]))
            {
                Stop(_restOfLine.FirstStart);
                return;
            }
        }
    }

    /// <summary>Judges the line that ends here. Where to cut the text because of it, or -1.</summary>
    private int CheckLine()
    {
        var added = _text.AsSpan(_lineStart.._length);
        if (added.IsWhiteSpace()) return -1;

        var isFirst = !_isFirstLineComplete;
        _isFirstLineComplete = true;
        var line = _lineStart == 0 ? string.Concat(context.LineBefore, added.TrimEnd()) : added.TrimEnd().ToString();

        // The cursor's own line isn't whole where text stands behind the cursor.
        if (_lineStart > 0 || !context.IsTextAfter)
        {
            var cut = _followingLines.Check(line, _lineStart, isFirst);
            if (cut >= 0) return cut;
        }

        _timesInRow = line == _lastLine ? _timesInRow + 1 : 1;
        _lastLine = line;
        return _timesInRow == LoopLength ? _lineStart : -1;
    }

    /// <summary>Ends the suggestion at the text's end, or before what repeats or is half.</summary>
    private void End(bool isLineComplete)
    {
        var cut = -1;
        if (isLineComplete) cut = CheckLine();
        else if (_isFirstLineComplete || MayFirstLineRepeat()) cut = _lineStart;

        if (_followingLines.CutAtEnd is >= 0 and var held) cut = held;
        Stop(cut >= 0 ? cut : _restOfLine.CutAtEnd());
    }

    private void Stop(int end)
    {
        IsDone = true;
        Show(end);
    }

    /// <summary>How much can't be cut any more, whatever follows.</summary>
    private int SafeLength()
    {
        int safe;
        if (_isFirstLineComplete) safe = _followingLines.HeldStart >= 0 ? _followingLines.HeldStart : _lineStart;
        else safe = MayFirstLineRepeat() ? 0 : _length;

        return Math.Min(safe, _restOfLine.FirstStart);
    }

    private bool MayFirstLineRepeat()
    {
        if (_lineStart == 0 && context.IsTextAfter) return false;
        var added = _text.AsSpan(_lineStart.._length);
        var before = _lineStart == 0 ? context.LineBefore : "";
        return !added.IsWhiteSpace() && _followingLines.MayRepeat(before, added);
    }

    private void Show(int end)
    {
        // A high surrogate whose low one hasn't come counts as white space does: it can't stand at the end.
        while (end > 0 && (char.IsWhiteSpace(_text[end - 1]) || char.IsHighSurrogate(_text[end - 1]))) end--;

        Debug.Assert(end >= _visible, "What was shown would be taken back.");
        if (end == _visible) return;
        _visible = end;
        _current = null;
    }
}
