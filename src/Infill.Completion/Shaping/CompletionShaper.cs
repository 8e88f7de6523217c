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
    private readonly RestOfLineRepetition _restOfLine = new(context);
    private readonly FollowingLineRepetition _followingLines = new(context);
    private readonly BlockScope? _scope = context.Rules.Scope ? new BlockScope(context) : null;
    private readonly DelimiterGuard? _delimiters = context.HasDelimiters ? new DelimiterGuard(context.Delimiters) : null;
    private readonly LoopDetector _loops = new();
    private readonly InlineLoopDetector _inlineLoops = new();

    /// <summary>The raw text up to <see cref="_length"/>, with \n for line breaks.</summary>
    private char[] _text = new char[256];
    private int _length;

    /// <summary>How much of it was looked at: white space waits for what follows it.</summary>
    private int _examined;
    private int _lineStart;
    private int _lines = 1;
    private bool _isFirstLineComplete;
    private bool _isLineJudged;     // the line that grows has been let in by its first sign
    private bool _mustContinue;     // and only if it turns out to go on with the statement
    private bool _isAfterBlank;
    private bool _goesOnBelow;      // the model had more to say, and its brackets close there

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
        else if (!_isLineJudged && !char.IsWhiteSpace(c) && !MayBeginLine(c))
        {
            Stop(_lineStart);
            return;
        }

        var position = _length;
        _text[_length++] = c;
        if (!char.IsWhiteSpace(c)) Examine();
        if (!IsDone && _delimiters?.Push(c) == false) Stop(Math.Min(position, _restOfLine.FirstStart));
        if (c == '\n') _inlineLoops.BeginLine();
        else if (!IsDone && _inlineLoops.Push(_text.AsSpan(_lineStart.._length))) Stop(SafeLength());
    }

    /// <summary>Whether a line may stand in the suggestion, by its indentation and first sign.</summary>
    private bool MayBeginLine(char first)
    {
        _isLineJudged = true;
        if (_scope is null) return true;
        var indentation = SuggestionContext.Indentation(_text.AsSpan(_lineStart.._length));
        if (!_isFirstLineComplete)
        {
            if (_lineStart > 0) _scope.BeginBelow(indentation);
            return true;
        }

        var verdict = _scope.MayBegin(indentation, first, _isAfterBlank, _delimiters?.IsInBracket == true);
        _mustContinue = verdict is null;
        return verdict != false;
    }

    private void EndLine()
    {
        var isLeading = _length == 0;
        if (context.Mode == SuggestionMode.SingleLine || (_lines == context.MaxLines && !isLeading))
        {
            _goesOnBelow = !context.IsTextAfter && context.Mode == SuggestionMode.SingleLine;
            End(isLineComplete: true);
            return;
        }

        var cut = CheckLine();
        if (cut >= 0)
        {
            Stop(cut);
            return;
        }

        _isAfterBlank = _length > 0 && _text.AsSpan(_lineStart.._length).IsWhiteSpace();
        _lineStart = _length + 1;
        _isLineJudged = false;
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

        // Where text stands behind the cursor too: the line up to there, which is all that was written, is the one below.
        var cut = _followingLines.Check(line, _lineStart, isFirst);
        if (cut >= 0) return cut;

        if (_mustContinue && !BlockScope.IsContinuation(line.AsSpan().TrimStart())) return _lineStart;
        _mustContinue = false;
        return _loops.Push(line, _lineStart);
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
        var isWhole = end == _length && _delimiters?.EndsInHalfQuote == true; // or will be
        if (!isWhole && _delimiters is { HeldAt: >= 0 and var closed }) end = Math.Min(end, closed);
        var shown = _visible;
        Show(end);
        if (_visible == 0 || !context.HasDelimiters || !context.Rules.Completion || _goesOnBelow) return;
        Complete();
        if (shown == 0 && IsLineBelow(_text.AsSpan(0, _visible))) Hide();
    }

    /// <summary>Whether a whole suggestion makes its line the one that stands below already.</summary>
    private bool IsLineBelow(ReadOnlySpan<char> suggestion) =>
        !suggestion.Contains('\n') && new FollowingLineRepetition(context).IsRepetition(string.Concat(context.LineBefore, suggestion));

    /// <summary>Nothing of it was shown yet.</summary>
    private void Hide()
    {
        _visible = 0;
        _current = null;
    }

    /// <summary>Closes what the suggestion has opened and nothing behind it closes: a model ends where its training data's cursors did.</summary>
    private void Complete()
    {
        var shown = _text.AsSpan(0, _visible);
        var delimiters = new DelimiterGuard(context.Delimiters);
        foreach (var c in shown) delimiters.Push(c);
        var missing = delimiters.Missing(IndentationOf, context.Mode == SuggestionMode.SingleLine);
        if (missing.Length == 0) return;

        Array.Resize(ref _text, _visible + missing.Length);
        missing.CopyTo(_text.AsSpan(_visible));
        _visible = _length = _text.Length;
        _current = null;
    }

    private string IndentationOf(int line)
    {
        var start = 0;
        var text = new string(_text, 0, _visible);
        for (var i = 0; i < line; i++) start = text.IndexOf('\n', start) + 1;
        var whole = line == 0 ? context.LineBefore + text : text[start..];
        return whole[..(whole.Length - whole.AsSpan().TrimStart(" \t").Length)];
    }

    /// <summary>How much can't be cut any more, whatever follows.</summary>
    private int SafeLength()
    {
        int safe;
        if (_isFirstLineComplete) safe = _followingLines.HeldStart >= 0 ? _followingLines.HeldStart : _lineStart;
        else safe = MayFirstLineRepeat() ? 0 : _length;

        if (_delimiters is { HeldAt: >= 0 and var closed }) safe = Math.Min(safe, closed);
        if (_inlineLoops.Shown is { } shown) safe = Math.Min(safe, _lineStart + shown);
        return Math.Min(safe, _restOfLine.FirstStart);
    }

    private bool MayFirstLineRepeat()
    {
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
