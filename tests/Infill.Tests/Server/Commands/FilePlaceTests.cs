using Infill.Server.Commands;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Commands;

public sealed class FilePlaceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infill-place-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(":1:1", "‸one\ntwo\n")]
    [InlineData(":1:2", "o‸ne\ntwo\n")]
    [InlineData(":1:4", "one‸\ntwo\n")]
    [InlineData(":1", "one‸\ntwo\n")]
    [InlineData(":2", "one\ntwo‸\n")]
    [InlineData(":3", "one\ntwo\n‸")]
    [InlineData(":3:1", "one\ntwo\n‸")]
    public void Lines_and_columns_count_from_one_and_no_column_is_the_line_s_end(string place, string expected) =>
        Assert.Equal(expected, Find(Write("a.txt", "one\ntwo\n"u8) + place));

    [Theory]
    [InlineData("a:b.txt")]
    [InlineData("a:7")]
    [InlineData("c::d")]
    [InlineData("e: 1.txt")]
    public void A_path_may_hold_colons(string name) => Assert.Equal("o‸ne", Find(Write(name, "one"u8) + ":1:2"));

    [Fact]
    public void A_byte_order_mark_is_no_text() => Assert.Equal("‸one", Find(Write("a.txt", [0xEF, 0xBB, 0xBF, .. "one"u8]) + ":1:1"));

    [Fact]
    public void The_break_of_a_CRLF_line_is_not_in_it() => Assert.Equal("one‸\r\ntwo", Find(Write("a.txt", "one\r\ntwo"u8) + ":1"));

    [Fact]
    public void An_empty_file_has_one_place() => Assert.Equal("‸", Find(Write("a.txt", []) + ":1:1"));

    [Theory]
    [InlineData(":0", "names no place")]
    [InlineData(":1:0", "names no place")]
    [InlineData("", "names no place")]
    [InlineData(":", "names no place")]
    [InlineData(":x", "names no place")]
    [InlineData(":1:-1", "names no place")]
    [InlineData(":4", "Line 4 is outside")]
    [InlineData(":1:5", "Column 5 is outside line 1")]
    public void What_is_no_place_in_the_file_is_told(string place, string expected) =>
        Assert.Contains(expected, Problem(Write("a.txt", "one\ntwo\n"u8) + place), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_does_not_exist_is_told() =>
        Assert.EndsWith("b.txt' does not exist.", Problem(Path.Combine(_folder, "b.txt:1")), StringComparison.Ordinal);

    [Fact]
    public void A_folder_is_told() => Assert.EndsWith("is a folder; name a file.", Problem(_folder + ":1"), StringComparison.Ordinal);

    [Theory]
    [InlineData(new byte[] { 0x66, 0x00, 0x67 })]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x66, 0x67 })]
    public void A_file_that_is_no_text_is_told(byte[] content) =>
        Assert.EndsWith("is not a text file in UTF-8.", Problem(Write("a.bin", content) + ":1"), StringComparison.Ordinal);

    private static string Find(string argument)
    {
        Assert.True(FilePlace.TryRead(argument, out var place, out var problem), problem);
        return place.Text.Substring(0, place.Cursor) + "‸" + place.Text.Substring(place.Cursor, place.Text.Length - place.Cursor);
    }

    private static string Problem(string argument)
    {
        Assert.False(FilePlace.TryRead(argument, out _, out var problem));
        return problem;
    }

    private string Write(string name, ReadOnlySpan<byte> content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
