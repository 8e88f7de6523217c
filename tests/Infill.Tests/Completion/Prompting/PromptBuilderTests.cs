using Infill.Completion.Documents;
using Infill.Completion.Prompting;

namespace Infill.Tests.Completion.Prompting;

public sealed class PromptBuilderTests
{
    private static readonly PromptOptions s_small = new() { PrefixTokens = 32, SuffixTokens = 16 };

    private readonly WordVocabulary _vocabulary = new();

    public static TheoryData<string> Texts =>
    [
        "",
        "x",
        string.Concat(Enumerable.Range(0, 400).Select(static i => $"value_{i} = compute({i})\n")),
        string.Concat(Enumerable.Range(0, 400).Select(static i => $"value_{i} = compute({i})\r\n")),
        string.Concat(Enumerable.Repeat("漢字を書く。", 500)),
        string.Concat(Enumerable.Repeat("行\n", 500)),
        string.Concat(Enumerable.Repeat("🙂🙃", 500)),
        new string('\n', 3000),
        new string('x', 20_000),
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void No_part_exceeds_its_budget_anywhere(string content)
    {
        var text = SourceText.From(content);
        for (var cursor = 0; cursor <= text.Length; cursor += 1 + (text.Length / 97))
        {
            var (prefix, suffix) = Parts(Build(text, cursor, s_small));

            Assert.True(prefix.Count <= s_small.PrefixTokens, $"{prefix.Count} tokens before {cursor}");
            Assert.True(suffix.Count <= s_small.SuffixTokens, $"{suffix.Count} tokens after {cursor}");
        }
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void What_the_model_sees_is_what_stands_around_the_cursor_and_no_pair_is_split(string content)
    {
        var text = SourceText.From(content);
        for (var cursor = 0; cursor <= text.Length; cursor += 1 + (text.Length / 97))
        {
            if (cursor > 0 && cursor < text.Length && (char.IsLowSurrogate(text[cursor]) || (text[cursor - 1], text[cursor]) == ('\r', '\n'))) continue; // no cursor stands there

            var (prefix, suffix) = Parts(Build(text, cursor, s_small));

            var before = _vocabulary.Text(prefix);
            var after = _vocabulary.Text(suffix);
            Assert.EndsWith(before, content[..cursor].ReplaceLineEndings("\n"), StringComparison.Ordinal);
            Assert.StartsWith(after, content[cursor..].ReplaceLineEndings("\n"), StringComparison.Ordinal);
            Assert.False(before.Length > 0 && char.IsLowSurrogate(before[0]));
            Assert.False(after.Length > 0 && char.IsHighSurrogate(after[^1]));
        }
    }

    [Fact]
    public void A_short_file_is_seen_whole()
    {
        var text = SourceText.From("one\ntwo\n");

        Assert.Equal("<|file_sep|>a.py\n<|fim_suffix|>two\n<|fim_prefix|>one\n<|fim_middle|>", _vocabulary.Text(Build(text, 4, PromptOptions.Default)));
    }

    [Fact]
    public void A_budget_of_zero_leaves_the_suffix_out()
    {
        var text = SourceText.From("one\ntwo\n");

        var (_, suffix) = Parts(Build(text, 4, PromptOptions.Default with { SuffixTokens = 0 }));

        Assert.Empty(suffix);
    }

    [Fact]
    public void Line_breaks_of_every_kind_become_LF()
    {
        var text = SourceText.From("a\r\nb\rc\nd\r\ne\r");

        Assert.Equal("<|file_sep|>a.py\n<|fim_suffix|>d\ne\n<|fim_prefix|>a\nb\nc\n<|fim_middle|>", _vocabulary.Text(Build(text, 7, PromptOptions.Default)));
    }

    [Fact]
    public void A_long_file_s_window_begins_and_ends_with_whole_lines()
    {
        var content = string.Concat(Enumerable.Range(0, 2000).Select(static i => $"value_{i} = compute({i})\n"));
        var text = SourceText.From(content);
        var cursor = content.IndexOf("value_1000", StringComparison.Ordinal);

        var (prefix, suffix) = Parts(Build(text, cursor, PromptOptions.Default));

        Assert.StartsWith("value_", _vocabulary.Text(prefix), StringComparison.Ordinal);
        Assert.EndsWith(")\n", _vocabulary.Text(suffix), StringComparison.Ordinal);
        Assert.True(prefix.Count > PromptOptions.Default.PrefixTokens / 4);
        Assert.True(suffix.Count > PromptOptions.Default.SuffixTokens / 4);
    }

    [Theory]
    [InlineData(3000)]
    [InlineData(3050)]
    [InlineData(3777)]
    public void Typing_a_hundred_characters_moves_the_window_once_at_most(int cursor)
    {
        var text = SourceText.From(string.Concat(Enumerable.Range(0, 400).Select(static i => $"value_{i} = compute({i})\n")));
        var moves = 0;
        var before = Build(text, cursor, PromptOptions.Default);
        for (var i = 0; i < 100; i++)
        {
            text = text.With(cursor, 0, i % 20 == 19 ? "\n" : "x");
            cursor++;

            var after = Build(text, cursor, PromptOptions.Default);

            // In suffix-first order all but the last word and the middle marker is as before.
            var common = before.Zip(after).TakeWhile(static pair => pair.First == pair.Second).Count();
            if (common < before.Count - 2) moves++;
            before = after;
        }

        Assert.True(moves <= 1, $"{moves} moves");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2_500_000)]
    [InlineData(5_000_000)]
    public void A_line_of_5_MB_is_no_trouble(int cursor)
    {
        var text = SourceText.From(new string('x', 5_000_000));

        var (prefix, suffix) = Parts(Build(text, cursor, PromptOptions.Default));

        Assert.InRange(prefix.Count, cursor == 0 ? 0 : 100, 512);
        Assert.InRange(suffix.Count, cursor == text.Length ? 0 : 32, 256);
    }

    [Fact]
    public void A_name_of_any_length_takes_little_of_the_prompt_and_keeps_its_end()
    {
        var text = SourceText.From("one");
        var path = string.Concat(Enumerable.Repeat("folder/", 10_000)) + "a.py";

        var tokens = new PromptBuilder(_vocabulary, FimTemplates.Named("infill")!).Build(text, 3, path, PromptOptions.Default);

        Assert.True(tokens.Count < 128, $"{tokens.Count} tokens");
        Assert.StartsWith("<|file_sep|>folder/", _vocabulary.Text(tokens), StringComparison.Ordinal);
        Assert.Contains("/a.py\n", _vocabulary.Text(tokens), StringComparison.Ordinal);
    }

    private List<int> Build(SourceText text, int cursor, PromptOptions options) =>
        [.. new PromptBuilder(_vocabulary, FimTemplates.Named("infill")!).Build(text, cursor, "a.py", options)];

    /// <summary>The tokens of prefix and suffix in a suffix-first prompt.</summary>
    private static (List<int> Prefix, List<int> Suffix) Parts(List<int> prompt)
    {
        var suffix = prompt.IndexOf(WordVocabulary.Suffix);
        var prefix = prompt.IndexOf(WordVocabulary.Prefix);
        return (prompt[(prefix + 1)..^1], prompt[(suffix + 1)..prefix]);
    }

    [Theory]
    [InlineData("qwen", 48)]
    [InlineData("infill", 256)]
    public void A_suffix_that_each_key_computes_again_is_kept_short(string template, int most)
    {
        var text = SourceText.From(string.Concat(Enumerable.Range(0, 400).Select(static i => $"value_{i} = compute({i})\n")));

        var suffix = new PromptBuilder(_vocabulary, FimTemplates.Named(template)!).Window(text, text.Length / 2, PromptOptions.Default).Suffix;

        Assert.InRange(suffix.Count, most / 2, most);
    }

    [Theory]
    [InlineData(2000, 512, 256, 384)] // room for all
    [InlineData(968, 512, 256, 200)]  // for a part of other files
    [InlineData(768, 512, 256, 0)]    // for the document's own text
    [InlineData(384, 256, 128, 0)]    // for half of it
    [InlineData(-5, 0, 0, 0)]         // none
    public void A_budget_beyond_the_model_loses_other_files_first_and_then_shrinks_in_proportion(int room, int prefix, int suffix, int context) =>
        Assert.Equal(new PromptOptions { PrefixTokens = prefix, SuffixTokens = suffix, ContextTokens = context }, PromptOptions.Default.Within(room));
}
