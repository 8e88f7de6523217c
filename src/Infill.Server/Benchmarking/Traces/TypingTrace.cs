using Infill.Completion.Documents;

namespace Infill.Server.Benchmarking.Traces;

/// <summary>One pressed key, and the document after it.</summary>
/// <param name="Typed">The character.</param>
/// <param name="Before">The cursor before the key.</param>
/// <param name="Text">The document with the character in it.</param>
/// <param name="Cursor">Behind the character; an offset in UTF-16 units.</param>
internal sealed record TraceKey(char Typed, TextPosition Before, SourceText Text, int Cursor)
{
    public TextPosition Position => Text.PositionAt(Cursor, PositionEncoding.Utf16);

    /// <summary>Whether text follows the cursor on its line: a suggestion then ends with the line.</summary>
    public bool IsTextAfter => !string.IsNullOrWhiteSpace(Text.Substring(Cursor, Text.LineEnd(Text.LineOf(Cursor)) - Cursor));
}

/// <summary>Somebody writes lines in the middle of a file: they are cut out of it, and typed again key by key.</summary>
/// <remarks>
/// Whole lines are cut, so that the cursor stands at its line's end, as it does when code is written; the last of them is
/// typed as far as the keys reach.
/// </remarks>
internal sealed class TypingTrace
{
    public TypingTrace(TraceFile file, int keys)
    {
        File = file;
        var whole = SourceText.From(file.Text);
        var start = whole.LineStart(whole.LineCount / 2);
        var typed = Math.Min(keys, whole.Length - start);
        while (typed > 0 && whole[start + typed - 1] == '\n') typed--; // the last line's break is not cut
        var end = whole.LineEnd(whole.LineOf(start + Math.Max(typed - 1, 0)));
        Start = whole.With(start, end - start, "");

        var text = Start;
        var pressed = new List<TraceKey>(typed);
        for (var cursor = start; cursor < start + typed; cursor++)
        {
            var before = text.PositionAt(cursor, PositionEncoding.Utf16);
            text = text.With(cursor, 0, whole.Substring(cursor, 1));
            pressed.Add(new TraceKey(whole[cursor], before, text, cursor + 1));
        }

        Keys = pressed;
    }

    public TraceFile File { get; }

    /// <summary>The document before the first key.</summary>
    public SourceText Start { get; }

    public IReadOnlyList<TraceKey> Keys { get; }
}
