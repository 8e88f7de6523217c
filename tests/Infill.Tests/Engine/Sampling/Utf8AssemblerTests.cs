using System.Text;
using Infill.Engine.Sampling;
using Xunit;

namespace Infill.Tests.Engine.Sampling;

public sealed class Utf8AssemblerTests
{
    [Theory]
    [InlineData("é")]
    [InlineData("漢字")]
    [InlineData("😀")]
    [InlineData("a😀b👩‍👧é")]
    public void Code_points_split_over_pieces_come_whole(string text)
    {
        var assembler = new Utf8Assembler();
        var pieces = new List<string>();

        foreach (var b in Encoding.UTF8.GetBytes(text)) pieces.Add(assembler.Append([b]).ToString());

        Assert.Equal(text, string.Concat(pieces));
        Assert.All(pieces, static piece => Assert.True(piece.Length == 0 || !char.IsHighSurrogate(piece[^1])));
    }

    [Fact]
    public void Nothing_comes_before_a_code_point_is_whole()
    {
        var assembler = new Utf8Assembler();

        string[] pieces = [assembler.Append([0xF0]).ToString(), assembler.Append([0x9F, 0x98]).ToString(), assembler.Append([0x80, (byte)'!']).ToString()];

        Assert.Equal(["", "", "😀!"], pieces);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, (byte)'a' }, "\uFFFDa")]
    [InlineData(new byte[] { 0xC3, (byte)'a' }, "\uFFFDa")]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x98, (byte)'a' }, "\uFFFDa")]
    [InlineData(new byte[] { 0x80, 0x80, (byte)'a' }, "\uFFFD\uFFFDa")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80, (byte)'a' }, "\uFFFD\uFFFD\uFFFDa")] // a surrogate has no place in UTF-8
    public void Invalid_bytes_become_replacement_characters_however_they_are_cut(byte[] bytes, string expected)
    {
        var whole = new Utf8Assembler().Append(bytes).ToString();

        var assembler = new Utf8Assembler();
        var single = string.Concat(bytes.Select(b => assembler.Append([b]).ToString()));

        Assert.Equal((expected, expected), (whole, single));
    }

    [Fact]
    public void Any_bytes_cut_anywhere_decode_as_a_whole_does()
    {
#pragma warning disable CA5394 // repeatable by seed
        var random = new Random(3);
        for (var round = 0; round < 500; round++)
        {
            var bytes = new byte[random.Next(1, 60)];
            random.NextBytes(bytes);
            bytes[^1] = (byte)'.'; // leaves nothing held back
            var assembler = new Utf8Assembler();
            var text = new StringBuilder();
            for (var at = 0; at < bytes.Length;)
            {
                var count = Math.Min(random.Next(1, 5), bytes.Length - at);
                text.Append(assembler.Append(bytes.AsSpan(at, count)));
                at += count;
            }

            Assert.Equal(Encoding.UTF8.GetString(bytes), text.ToString());
        }
#pragma warning restore CA5394
    }

    [Fact]
    public void A_special_tokens_empty_piece_gives_nothing()
    {
        Assert.Equal("", new Utf8Assembler().Append([]).ToString());
    }
}
