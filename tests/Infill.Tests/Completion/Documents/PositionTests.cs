using System.Diagnostics;
using System.Text;
using Infill.Completion.Documents;
using Xunit;

namespace Infill.Tests.Completion.Documents;

public sealed class PositionTests
{
    [Theory]
    [InlineData(PositionEncoding.Utf16, 4)]
    [InlineData(PositionEncoding.Utf8, 9)]
    [InlineData(PositionEncoding.Utf32, 3)]
    public void Characters_are_counted_in_the_clients_units(PositionEncoding encoding, int character)
    {
        var (text, cursor) = Marked.Text("x\né漢😀‸!");

        Assert.Equal(new TextPosition(1, character), text.PositionAt(cursor, encoding));
    }

    [Theory]
    [InlineData(PositionEncoding.Utf16, 2, 1)]
    [InlineData(PositionEncoding.Utf8, 2, 1)]
    [InlineData(PositionEncoding.Utf8, 4, 1)]
    [InlineData(PositionEncoding.Utf8, 5, 3)]
    [InlineData(PositionEncoding.Utf32, 2, 3)]
    public void A_position_inside_a_code_point_means_its_start(PositionEncoding encoding, int character, int expected)
    {
        SourceText.From("a😀b").TryGetOffset(new(0, character), encoding, out var offset);

        Assert.Equal(expected, offset);
    }

    [Theory]
    [InlineData("abc\r\nd", 3)]
    [InlineData("abc\rd", 3)]
    [InlineData("abc", 3)]
    [InlineData("", 0)]
    public void A_character_past_the_lines_end_means_the_lines_end(string content, int end)
    {
        foreach (var encoding in Enum.GetValues<PositionEncoding>())
        {
            Assert.True(SourceText.From(content).TryGetOffset(new(0, int.MaxValue), encoding, out var offset));
            Assert.Equal(end, offset);
        }
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(int.MaxValue, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    public void A_line_past_the_last_and_negative_parts_lie_outside_the_text(int line, int character)
    {
        Assert.False(SourceText.From("a\nb").TryGetOffset(new(line, character), PositionEncoding.Utf16, out _));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Mapping_agrees_with_a_naive_one_in_every_encoding(int seed)
    {
        var random = new Random(seed);
        var content = RandomText.Next(random, 30_000);
        var text = SourceText.From(content);
        var starts = NaiveLines.Starts(content);
        for (var i = 0; i < 3000; i++)
        {
            var encoding = (PositionEncoding)random.Next(3);
            var line = random.Next(starts.Count);
            var position = new TextPosition(line, random.Next(40));
            var expected = NaiveOffset(content, starts[line], NaiveLines.End(content, starts, line), position.Character, encoding);

            text.TryGetOffset(position, encoding, out var offset);

            Assert.True(expected == offset, $"seed {seed}: {position} in {encoding} is {expected}, not {offset}");
            var back = text.PositionAt(offset, encoding);
            Assert.True(text.TryGetOffset(back, encoding, out var again) && again == offset && back.Line == line, $"seed {seed}: {position}");
        }
    }

    [Fact]
    public void A_single_line_of_five_megabytes_maps_quickly()
    {
        var text = SourceText.From(string.Concat(Enumerable.Repeat("const x = 'é😀'; ", 300_000)));
        var character = text.PositionAt(text.Length / 2, PositionEncoding.Utf8).Character;
        var started = Stopwatch.GetTimestamp();

        for (var i = 0; i < 100; i++) text.TryGetOffset(new(0, character), PositionEncoding.Utf8, out _);

        var each = Stopwatch.GetElapsedTime(started) / 100;
        Assert.True(each < TimeSpan.FromMilliseconds(1), $"One position took {each.TotalMicroseconds:F0} µs.");
    }

    private static int NaiveOffset(string text, int start, int end, int character, PositionEncoding encoding)
    {
        var offset = start;
        while (offset < end)
        {
            Rune.DecodeFromUtf16(text.AsSpan(offset, end - offset), out var rune, out var length);
            character -= encoding switch
            {
                PositionEncoding.Utf8 => rune.Utf8SequenceLength,
                PositionEncoding.Utf16 => length,
                _ => 1,
            };
            if (character < 0) break;
            offset += length;
        }

        return offset;
    }
}

/// <summary>Text of a test in which ‸ marks the cursor.</summary>
internal static class Marked
{
    public static (SourceText Text, int Cursor) Text(string marked)
    {
        var cursor = marked.IndexOf('‸', StringComparison.Ordinal);
        return (SourceText.From(marked.Remove(cursor, 1)), cursor);
    }
}
