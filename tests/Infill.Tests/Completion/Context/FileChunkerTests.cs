using System.Text;
using Infill.Completion.Context;
using Infill.Completion.Documents;

namespace Infill.Tests.Completion.Context;

public sealed class FileChunkerTests
{
    private static readonly string s_code = string.Concat(Enumerable.Range(0, 60).Select(static i => $"def part_{i}(value):\n    total = value + {i}\n    return total\n\n"));

    public static TheoryData<string> Texts =>
    [
        s_code,
        s_code.ReplaceLineEndings("\r\n"),
        "\n\n\n  x = 1\n\n",
        "one line",
        string.Concat(Enumerable.Repeat("漢字 = '🙂'\n", 70)),
        "a = 1\n" + new string('x', 5000) + "\nb = 2\n",
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_chunk_is_whole_lines_of_its_file_and_says_which_bytes(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var lines = text.ReplaceLineEndings("\n").Split('\n');

        var chunks = FileChunker.Cut("a.py", SourceText.From(text));

        Assert.All(chunks, chunk =>
        {
            Assert.Equal(string.Join('\n', lines.Skip(chunk.FirstLine).Take(chunk.LineCount)), chunk.Text);
            Assert.Equal(chunk.Text, Encoding.UTF8.GetString(bytes[chunk.Bytes]).ReplaceLineEndings("\n"));
            Assert.True(chunk.LineCount <= FileChunker.MostLines && chunk.Text.Length <= FileChunker.MostCharacters);
        });
    }

    [Fact]
    public void Every_line_that_says_something_is_in_exactly_one_chunk()
    {
        var chunks = FileChunker.Cut("a.py", SourceText.From(s_code));

        Assert.Equal(s_code.Split('\n').Where(static line => line.Length > 0), chunks.SelectMany(static chunk => chunk.Text.Split('\n')).Where(static line => line.Length > 0));
    }

    [Fact]
    public void A_definition_keeps_its_body()
    {
        var chunks = FileChunker.Cut("a.py", SourceText.From(s_code));

        Assert.All(chunks, static chunk => Assert.StartsWith("def ", chunk.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_that_looks_like_a_secret_is_in_no_chunk_and_parts_those_beside_it()
    {
        var chunks = FileChunker.Cut("a.py", SourceText.From("before = 1\npassword = 'hunter2hunter2'\nafter = 2\n"));

        Assert.Equal(["before = 1", "after = 2"], chunks.Select(static chunk => chunk.Text));
    }
}
