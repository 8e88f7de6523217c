using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>When the parts of one key's answer were there. The same rule for every side; one thread at a time.</summary>
/// <remarks>
/// A line is there when its last visible sign is, also where only what comes later tells that it was the last: our
/// server shows a line break with the whole line behind it, a llama-server sends one as a token of its own.
/// </remarks>
/// <param name="time">The clock. It runs from here on: the key is pressed now.</param>
internal sealed class AnswerClock(TimeProvider time)
{
    private readonly long _pressed = time.GetTimestamp();
    private string _line = "";
    private double? _lineGrew;
    private double? _firstText;
    private double? _firstLine;
    private bool _hasEnded;

    /// <summary>Whether the first line is known to be whole.</summary>
    public bool IsLineComplete => _firstLine is not null;

    /// <summary>All the text that is there now.</summary>
    public void Take(string text)
    {
        if (IsLineComplete) return;
        var now = Elapsed();
        if (text.Length > 0) _firstText ??= now;
        var line = FirstLine.Of(text);
        if (!line.SequenceEqual(_line)) (_line, _lineGrew) = (line.ToString(), now);
        if (FirstLine.IsComplete(text)) _firstLine = _lineGrew ?? now;
    }

    /// <summary>No more text comes: what is there is whole, or there is decidedly nothing.</summary>
    public void End()
    {
        _hasEnded = true;
        _firstLine ??= _lineGrew ?? Elapsed();
    }

    /// <summary>What the key brought.</summary>
    /// <param name="computedTokens">Prompt tokens computed for it, where the side tells.</param>
    public KeyAnswer ToAnswer(int? computedTokens = null) => new(_firstText, _firstLine, IsNothing: _hasEnded && _firstText is null, computedTokens);

    private double Elapsed() => time.GetElapsedTime(_pressed).TotalMilliseconds;
}
