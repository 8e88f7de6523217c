using Infill.Completion.Documents;

namespace Infill.Completion.Prompting;

/// <summary>How much of a document's text around the cursor a prompt gets, in UTF-16 units.</summary>
internal static class TextWindow
{
    /// <summary>Characters that a token of source code stands for at least, nearly always (the seed model's mean is 3.4).</summary>
    public const int CharactersPerToken = 3;

    /// <summary>
    /// The window's start stays where it is while the user types: it moves by half a window at a time, so that the tokens
    /// before the cursor stay the same from key to key and their KV cache stays valid.
    /// </summary>
    public static int Start(SourceText text, int cursor, int window)
    {
        if (cursor <= window) return 0;
        var half = window / 2;
        var anchor = (cursor - half) / half * half;
        var line = text.LineOf(anchor);
        if (text.LineStart(line) == anchor) return anchor;

        // Start with a whole line, unless the line is longer than the window.
        if (line + 1 < text.LineCount && text.LineStart(line + 1) is var next && next < cursor) return next;
        return char.IsLowSurrogate(text[anchor]) ? anchor + 1 : anchor;
    }

    /// <summary>Where the text after the cursor ends.</summary>
    public static int End(SourceText text, int cursor, int window)
    {
        if (text.Length - cursor <= window) return text.Length;
        var end = cursor + window;
        var lineStart = text.LineStart(text.LineOf(end));
        if (lineStart > cursor) return lineStart; // whole lines, unless there is not even one
        return char.IsLowSurrogate(text[end]) ? end - 1 : end;
    }

    /// <summary>Models are trained on LF; the shaper turns line ends back.</summary>
    public static string WithLineFeeds(string text) =>
        text.Contains('\r', StringComparison.Ordinal) ? text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n') : text;
}
