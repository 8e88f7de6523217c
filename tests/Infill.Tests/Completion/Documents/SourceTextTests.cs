using System.Diagnostics;
using System.Text;
using Infill.Completion.Documents;
using Xunit;

namespace Infill.Tests.Completion.Documents;

public sealed class SourceTextTests
{
    [Fact]
    public void An_empty_text_has_one_empty_line()
    {
        var text = SourceText.From("");

        Assert.Equal((0, 1, 0, 0, 0), (text.Length, text.LineCount, text.LineStart(0), text.LineEnd(0), text.LineOf(0)));
    }

    [Theory]
    [InlineData("a\nb", new[] { "a", "b" })]
    [InlineData("a\r\nb\r\n", new[] { "a", "b", "" })]
    [InlineData("a\rb\n\rc", new[] { "a", "b", "", "c" })]
    [InlineData("\r\r\n\n", new[] { "", "", "", "" })]
    public void Lines_end_with_either_break_or_both(string content, string[] lines)
    {
        var text = SourceText.From(content);

        Assert.Equal(lines, Enumerable.Range(0, text.LineCount).Select(text.LineText));
    }

    [Theory]
    [InlineData("", LineBreakStyle.Lf)]
    [InlineData("a\nb\nc\r\n", LineBreakStyle.Lf)]
    [InlineData("a\nb\r\nc\r\n", LineBreakStyle.CrLf)]
    public void The_line_break_style_is_what_most_lines_use(string content, LineBreakStyle style)
    {
        Assert.Equal(style, SourceText.From(content).LineBreakStyle);
    }

    [Fact]
    public void An_edit_leaves_the_old_text_as_it_was()
    {
        var before = SourceText.From("one two");

        var after = before.With(4, 3, "three");

        Assert.Equal(("one two", "one three"), (before.ToString(), after.ToString()));
    }

    [Fact]
    public void An_edit_that_joins_a_carriage_return_and_a_line_feed_makes_them_one_break()
    {
        var text = SourceText.From("a\rx\nb");

        Assert.Equal(2, text.With(2, 1, "").LineCount);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 4)]
    [InlineData(4, 0)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void An_edit_outside_the_text_is_refused(int start, int length)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SourceText.From("abc").With(start, length, "x"));
    }

    [Fact]
    public void Texts_that_came_about_differently_can_be_equal()
    {
        var lines = string.Concat(Enumerable.Repeat("a line of text\n", 2000));
        var grown = SourceText.From(lines[..100]).With(100, 0, lines[100..]).With(50, 0, "x").With(50, 1, "");

        Assert.True(grown.ContentEquals(SourceText.From(lines)));
        Assert.False(grown.ContentEquals(SourceText.From(lines).With(9000, 1, "#")));
    }

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 20_000)]
    [InlineData(3, 60_000)]
    public void Random_edits_agree_with_a_plain_string(int seed, int length)
    {
        var random = new Random(seed);
        var model = RandomText.Next(random, length);
        var text = SourceText.From(model);
        for (var i = 0; i < 300; i++)
        {
            var start = random.Next(model.Length + 1);
            var removed = random.Next(3) == 0 ? random.Next(model.Length - start + 1) : random.Next(Math.Min(4, model.Length - start) + 1);
            var added = RandomText.Next(random, random.Next(4) == 0 ? random.Next(length) : random.Next(4));
            if (model.Length + added.Length - removed > 4 * length) added = "";

            model = string.Concat(model.AsSpan(0, start), added, model.AsSpan(start + removed));
            text = text.With(start, removed, added);

            AssertAgree(model, text, $"seed {seed}, edit {i}", random);
        }
    }

    [Fact]
    public void Typing_in_the_middle_of_a_megabyte_costs_far_less_than_a_millisecond()
    {
        var text = SourceText.From(string.Concat(Enumerable.Repeat("        var total = Add(first, second); // a line of code\n", 18_000)));
        var times = new List<TimeSpan>();
        for (var i = 0; i < 2000; i++)
        {
            var started = Stopwatch.GetTimestamp();
            text = text.With((text.Length / 2) + i, 0, "x");
            times.Add(Stopwatch.GetElapsedTime(started));
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"median {times[1000].TotalMicroseconds:F1} µs");
        Assert.True(times[1000] < TimeSpan.FromMilliseconds(1), $"The median edit took {times[1000].TotalMicroseconds:F0} µs.");
    }

    private static void AssertAgree(string model, SourceText text, string place, Random random)
    {
        Assert.True(model == text.ToString(), place);
        var starts = NaiveLines.Starts(model);
        Assert.True(starts.Count == text.LineCount, place);
        for (var probe = 0; probe < 20; probe++)
        {
            var line = random.Next(starts.Count);
            Assert.True(starts[line] == text.LineStart(line), place);
            Assert.True(NaiveLines.End(model, starts, line) == text.LineEnd(line), place);
            var offset = random.Next(model.Length + 1);
            Assert.True(starts.FindLastIndex(start => start <= offset) == text.LineOf(offset), place);
            var length = random.Next(model.Length - offset + 1);
            Assert.True(model.AsSpan(offset, length).SequenceEqual(text.Substring(offset, length)), place);
            if (offset < model.Length) Assert.True(model[offset] == text[offset], place);
        }
    }
}

/// <summary>Text full of what can go wrong: breaks of all kinds, pairs, lone surrogates, wide characters.</summary>
internal static class RandomText
{
    private static readonly string[] Pieces =
        ["a", "b", " ", "\t", "word", "\n", "\r\n", "\r", "é", "漢字", "😀", "\ud83d", "\ude00", "(", ")", ";", "\""];

    public static string Next(Random random, int length)
    {
        var text = new StringBuilder();
        while (text.Length < length) text.Append(Pieces[random.Next(Pieces.Length)]);
        return text.ToString(0, length);
    }
}

/// <summary>Lines of a string, found the slow and obvious way.</summary>
internal static class NaiveLines
{
    public static List<int> Starts(string text)
    {
        var starts = new List<int> { 0 };
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n'))) starts.Add(i + 1);
        }

        return starts;
    }

    public static int End(string text, List<int> starts, int line)
    {
        if (line == starts.Count - 1) return text.Length;
        var end = starts[line + 1] - 1;
        return text[end] == '\n' && end > 0 && text[end - 1] == '\r' ? end - 1 : end;
    }
}
