namespace Infill.Server.Benchmarking.Traces;

/// <summary>The first line of a growing text, as a user sees it. The same rule for every side.</summary>
internal static class FirstLine
{
    /// <summary>Whether the text's first line has ended; a break that the text begins with only leads to that line.</summary>
    public static bool IsComplete(ReadOnlySpan<char> text) => WithoutLeadingBreak(text).Contains('\n');

    /// <summary>The first line as far as it is there, without blanks at its end: nobody sees those.</summary>
    public static ReadOnlySpan<char> Of(ReadOnlySpan<char> text)
    {
        text = WithoutLeadingBreak(text);
        var end = text.IndexOf('\n');
        return (end < 0 ? text : text[..end]).TrimEnd();
    }

    private static ReadOnlySpan<char> WithoutLeadingBreak(ReadOnlySpan<char> text)
    {
        if (text.StartsWith("\r\n")) return text[2..];
        return text.StartsWith("\n") ? text[1..] : text;
    }
}
