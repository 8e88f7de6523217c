using Infill.Engine.Sampling;
using Xunit;

namespace Infill.Tests.Engine.Sampling;

public sealed class StopConditionTests
{
    [Fact]
    public void Without_stop_strings_text_passes_at_once()
    {
        var (text, stopped) = Feed([], "a", "b\n");

        Assert.Equal(("a|b\n|", false), (text, stopped));
    }

    [Fact]
    public void A_stop_string_ends_the_text_before_it()
    {
        var (text, stopped) = Feed(["\n\n"], "ab\n\ncd");

        Assert.Equal(("ab", true), (text, stopped));
    }

    [Fact]
    public void A_stop_string_is_seen_across_pieces()
    {
        var (text, stopped) = Feed(["END"], "xE", "N", "Dy");

        Assert.Equal(("x||", true), (text, stopped));
    }

    [Fact]
    public void What_was_held_back_comes_as_soon_as_it_is_no_stop_string()
    {
        var (text, stopped) = Feed(["END"], "xE", "N", "ough");

        Assert.Equal(("x||ENough|", false), (text, stopped));
    }

    [Fact]
    public void What_is_held_back_at_the_end_is_flushed()
    {
        var (text, _) = Feed(["END"], "xEN");

        Assert.Equal("x|EN", text);
    }

    [Fact]
    public void A_start_that_fails_may_hold_another_start()
    {
        var (text, stopped) = Feed(["aab"], "aa", "ab", "c");

        Assert.Equal(("|a", true), (text, stopped));
    }

    [Fact]
    public void Of_several_stop_strings_the_one_that_comes_first_counts()
    {
        var (text, stopped) = Feed(["later", "first"], "x first later");

        Assert.Equal(("x ", true), (text, stopped));
    }

    [Fact]
    public void An_empty_stop_string_stops_nothing()
    {
        var (text, stopped) = Feed([""], "ab");

        Assert.Equal(("ab|", false), (text, stopped));
    }

    /// <summary>What each piece let through, then what was flushed, with bars between.</summary>
    private static (string Text, bool Stopped) Feed(string[] stopStrings, params string[] pieces)
    {
        var condition = new StopCondition(stopStrings);
        var passed = new List<string>();
        foreach (var piece in pieces)
        {
            passed.Add(condition.Append(piece, out var stopped).ToString());
            if (stopped) return (string.Join('|', passed), true);
        }

        passed.Add(condition.Flush().ToString());
        return (string.Join('|', passed), false);
    }
}
