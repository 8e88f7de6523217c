using System.Text;
using Infill.Engine.Drafting;
using Xunit;

namespace Infill.Tests.Engine.Drafting;

public sealed class TokenHistoryTests
{
    [Theory]
    [InlineData("abcXab", "cXab", 2)]
    [InlineData("1abcX 2abcY 2abc", "Y 2abc", 5)] // the longer one, with the blank before it, though the other is there too
    [InlineData(" abcX abcY abc", "Y abc", 4)] // both are as long: the latest
    [InlineData("abXcb", "", 0)] // one token is not enough
    [InlineData("ab", "", 0)] // it is not its own past
    [InlineData("a", "", 0)]
    [InlineData("", "", 0)]
    [InlineData("ab|Xab", "", 0)] // nothing followed there
    [InlineData("xab|yab c ab", " c ab", 2)] // a match doesn't reach over a gap
    [InlineData("abcd|ab", "cd", 2)] // and neither does what follows
    public void What_followed_the_last_time_it_ended_like_this_is_found(string text, string continuation, int length)
    {
        var history = HistoryOf(text);

        var match = history.FindLongest();

        Assert.Equal(length, match.Length);
        if (length > 0) Assert.Equal(continuation, Continue(history, match.Next, continuation.Length));
    }

    [Fact]
    public void What_repeats_itself_is_continued_beyond_the_end()
    {
        var history = HistoryOf("abcabc");

        Assert.Equal("abcabcabc", Continue(history, history.FindLongest().Next, 9));
    }

    [Fact]
    public void It_finds_what_a_search_of_the_whole_text_finds()
    {
#pragma warning disable CA5394 // repeatable by seed
        var random = new Random(3);
        for (var round = 0; round < 500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(2, 60)).Select(_ => (char)('a' + random.Next(4))));

            var match = HistoryOf(text).FindLongest();

            Assert.Equal(LongestEndingBefore(text), match.Length);
            if (match.Length > 0) Assert.EndsWith(text[..match.Next][^match.Length..], text, StringComparison.Ordinal);
        }
#pragma warning restore CA5394
    }

    [Fact]
    public void It_grows_and_begins_anew()
    {
        var history = HistoryOf(new string('x', 5000) + "ab");
        history.Clear();
        foreach (var letter in "cab") history.Append(letter);

        Assert.Equal((3, 0), (history.Count, history.FindLongest().Length));
    }

    [Fact]
    public void A_token_costs_no_allocation()
    {
        var history = HistoryOf("abcdabcXabc");
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            history.Append('a' + (i % 3));
            history.FindLongest();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static int LongestEndingBefore(string text)
    {
        for (var length = text.Length - 1; length >= TokenHistory.LeastMatch; length--)
        {
            if (text[..^1].Contains(text[^length..], StringComparison.Ordinal)) return length;
        }

        return 0;
    }

    private static TokenHistory HistoryOf(string text)
    {
        var history = new TokenHistory();
        foreach (var letter in text) history.Append(letter == '|' ? TokenHistory.Gap : letter);
        return history;
    }

    private static string Continue(TokenHistory history, int from, int most)
    {
        var tokens = new int[most];
        var count = history.Continue(from, tokens);
        return Encoding.ASCII.GetString([.. tokens.Take(count).Select(static token => (byte)token)]);
    }
}
