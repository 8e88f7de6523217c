using Infill.Completion.Documents;

namespace Infill.Completion.Shaping;

/// <summary>Weighs the round and square brackets around a cursor against each other.</summary>
/// <remarks>
/// In `foo(bar(‸)` a suggestion owes one closing bracket, so its first is no repetition of the one that stands
/// there. Only the statement around the cursor counts: an unmatched brace, a blank line, or a line that ends in a
/// semicolon bounds it.
/// </remarks>
internal static class BracketDebt
{
    /// <summary>How far to look to either side, in characters.</summary>
    private const int Window = 2048;

    /// <summary>More than this is prose or a language of its own, and nothing to conclude from.</summary>
    private const int MaxDebt = 4;

    /// <summary>How many brackets a suggestion should leave open (above 0) or close (below 0).</summary>
    public static int At(SourceText text, int cursor)
    {
        var start = Math.Max(0, cursor - Window);
        var quotes = new QuoteTracker();
        var open = Open(text.Substring(start, cursor - start), quotes);
        var after = text.Substring(cursor, Math.Min(Window, text.Length - cursor));
        StepOverSuggestion(after, quotes);
        var closed = Closed(after, quotes);
        return Math.Abs(closed - open) <= MaxDebt ? closed - open : 0;
    }

    /// <summary>A suggestion may open or close a string: the quotes on the rest of the line tell which state it leads to.</summary>
    private static void StepOverSuggestion(ReadOnlySpan<char> after, QuoteTracker quotes)
    {
        var line = after[..(after.IndexOfAny('\r', '\n') is >= 0 and var end ? end : after.Length)];
        var first = line.IndexOfAny("\"'`");
        if (first < 0 && !quotes.IsInString) return;

        var quote = quotes.IsInString ? quotes.Quote : line[first];
        var startsInString = line.Count(quote) % 2 == 1;
        if (startsInString != quotes.IsInString) quotes.Push(quote);
    }

    /// <summary>How many brackets are open at the end of <paramref name="before"/>, inside its innermost open brace.</summary>
    private static int Open(string before, QuoteTracker quotes)
    {
        var outer = new Stack<int>();
        var open = 0;
        foreach (var c in before)
        {
            if (c == '\n' && quotes.Previous is ';' or '\n') open = 0;
            if (c == '\r' || !quotes.Push(c)) continue;
            switch (c)
            {
                case '(' or '[':
                    open++;
                    break;
                case ')' or ']':
                    open = Math.Max(0, open - 1);
                    break;
                case '{':
                    outer.Push(open);
                    open = 0;
                    break;
                case '}':
                    open = outer.TryPop(out var around) ? around : 0;
                    break;
            }
        }

        return open;
    }

    /// <summary>How many brackets <paramref name="after"/> closes that it doesn't open, up to the statement's end.</summary>
    private static int Closed(string after, QuoteTracker quotes)
    {
        var open = 0;
        var braces = 0;
        var closed = 0;
        foreach (var c in after)
        {
            if (c == '\n' && quotes.Previous is ';' or '\n' && braces == 0) break;
            if (c == '\r' || !quotes.Push(c)) continue;
            switch (c)
            {
                case '(' or '[':
                    open++;
                    break;
                case ')' or ']' when open > 0:
                    open--;
                    break;
                case ')' or ']':
                    closed++;
                    break;
                case '{':
                    braces++;
                    break;
                case '}' when --braces < 0:
                    return closed;
            }
        }

        return closed;
    }
}
