using System.Text;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Completion.Prompting;

/// <summary>Wherever the cursor stands, in either order, healed or not: the prompt is the text around it, and costs no more than its budget.</summary>
public sealed class CursorAnywhereTests
{
    /// <summary>Documents with the cursor as ‸.</summary>
    public static TheoryData<string, string> Places => new()
    {
        { "in leading white space", "def f():\n  ‸  return 1\n" },
        { "in leading tabs", "func f() {\n\t‸\treturn\n}\n" },
        { "before a closing bracket", "print(f(a, ‸))\n" },
        { "between brackets", "x = [‸]\n" },
        { "in a string", "s = \"hello ‸ world\"\n" },
        { "in a comment", "// the fir‸st of them\nint x;\n" },
        { "in the middle of a word", "return val‸ue\n" },
        { "in the middle of a number", "x = 12‸34\n" },
        { "after a trailing blank", "x = ‸\n" },
        { "in a file of CRLF", "a = 1\r\nb = ‸\r\nc = 3\r\n" },
        { "at the beginning of a line of CRLF", "a = 1\r\n‸b = 2\r\n" },
        { "in a file of CR", "a = 1\rb = ‸\rc = 3" },
        { "at the end, without a line end", "a = 1\nb = ‸" },
        { "at the end, after a line end", "a = 1\n‸" },
        { "at the beginning", "‸a = 1\n" },
        { "in an empty file", "‸" },
        { "in a file of nothing but line ends", "\n\n‸\n\n" },
        { "behind an emoji", "s = '🙂‸🙃'\n" },
        { "behind joined emoji", "s = '👩‍👩‍👧‸'\n" },
        { "in CJK", "漢字‸を書く。\n" },
        { "behind a combining mark", "nai\u0308‸ve\n" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void The_prompt_is_the_text_around_the_cursor(string place, string document)
    {
        var (text, cursor) = Read(document);
        var before = text[..cursor].ReplaceLineEndings("\n");
        var after = text[cursor..].ReplaceLineEndings("\n");
        foreach (var isHealing in new[] { false, true })
        {
            var (prefix, suffix, start) = Ask(SourceText.From(text), cursor, isHealing, "infill", out _);

            Assert.Equal((before, after), (prefix + start, suffix));
            Assert.Equal(Ask(SourceText.From(text), cursor, isHealing, "qwen", out _), (prefix, suffix, start));
            Assert.True(isHealing || start.Length == 0, place);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2_500_000)]
    [InlineData(2_500_001)]
    [InlineData(5_000_000)]
    public void In_a_line_of_5_MB_the_work_is_that_of_the_budget(int cursor)
    {
        foreach (var content in new[] { new string('x', 5_000_000), string.Concat(Enumerable.Repeat("ab, ", 1_250_000)), string.Concat(Enumerable.Repeat("🙂", 2_500_000)) })
        {
            if (cursor < content.Length && char.IsLowSurrogate(content[cursor])) continue;

            var (prefix, suffix, start) = Ask(SourceText.From(content), cursor, isHealing: true, "infill", out var asked);

            Assert.EndsWith(prefix + start, content[..cursor], StringComparison.Ordinal);
            Assert.StartsWith(suffix, content[cursor..], StringComparison.Ordinal);
            Assert.True(cursor == 0 || prefix.Length + start.Length > 60, $"{prefix.Length} characters before");
            Assert.True(cursor == content.Length || suffix.Length > 15, $"{suffix.Length} characters after");
            Assert.InRange(asked, 0, 8 * (PromptOptions.Default.PrefixTokens + PromptOptions.Default.SuffixTokens));
        }
    }

    [Fact]
    public void A_file_of_5_MB_in_short_lines_costs_the_same()
    {
        var content = string.Concat(Enumerable.Repeat("x = f(y)\r\n", 500_000));

        var (prefix, suffix, _) = Ask(SourceText.From(content), 2_500_007, isHealing: false, "infill", out var asked);

        Assert.EndsWith("x = f(y)\nx = f(y", prefix, StringComparison.Ordinal);
        Assert.StartsWith(")\nx = f(y)\n", suffix, StringComparison.Ordinal);
        Assert.InRange(asked, 0, 8 * (PromptOptions.Default.PrefixTokens + PromptOptions.Default.SuffixTokens));
    }

    private static (string Text, int Cursor) Read(string document)
    {
        var cursor = document.IndexOf('‸', StringComparison.Ordinal);
        return (document.Remove(cursor, 1), cursor);
    }

    /// <param name="text">The document.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="isHealing">Whether what is half written is taken back.</param>
    /// <param name="template">Its name.</param>
    /// <param name="asked">Characters that the vocabulary was given for the prompt.</param>
    private static (string Prefix, string Suffix, string Start) Ask(SourceText text, int cursor, bool isHealing, string template, out int asked)
    {
        var vocabulary = new ByteVocabulary();
        var builder = new PromptBuilder(vocabulary, FimTemplates.Named(template)!);
        var made = vocabulary.Asked; // the tokenizer's own proof
        var request = builder.Request(text, cursor, new FileNames("a.py"), PromptOptions.Default with { Healing = isHealing });
        asked = vocabulary.Asked - made;
        var suffix = request.Prompt.ToList().IndexOf(ByteVocabulary.Suffix) + 1;
        return (
            Text(request.Prompt.Take(request.Continued!.Value)),
            Text(request.Prompt.Skip(suffix).TakeWhile(static token => token < 256)),
            Encoding.UTF8.GetString(request.Start.Span));
    }

    private static string Text(IEnumerable<int> tokens) => Encoding.UTF8.GetString([.. tokens.Select(static token => (byte)token)]);
}
