namespace Infill.Server.Benchmarking.Traces;

/// <summary>When a growing text shows a user a whole line. The same rule for every side.</summary>
internal static class FirstLine
{
    /// <summary>Whether the text's first line has ended; a break that the text begins with only leads to that line.</summary>
    public static bool IsComplete(ReadOnlySpan<char> text)
    {
        if (text.StartsWith("\r\n")) text = text[2..];
        else if (text.StartsWith("\n")) text = text[1..];
        return text.Contains('\n');
    }
}
