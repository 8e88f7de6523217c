using System.Text;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Completion.Prompting;

public sealed class TokenHealingTests
{
    private static readonly PromptOptions s_healing = PromptOptions.Default with { Healing = true };

    /// <summary>Text before the cursor, and what of it is taken back; tokens are bytes.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("x = 1\n", "")]                       // a line's beginning
    [InlineData("x = 1\r\n", "")]
    [InlineData("    ret", " ret")]                   // a word, with the blank before it
    [InlineData("\n\tret", "\tret")]
    [InlineData("self.val", ".val")]                  // with the sign before it
    [InlineData("get_val", "_val")]
    [InlineData("get_", "_")]
    [InlineData("f(\"hel", "\"hel")]                  // in a string
    [InlineData("# a comm", " comm")]                 // in a comment
    [InlineData("\nret", "ret")]
    [InlineData("x = 12", " 12")]
    [InlineData("x12", "12")]
    [InlineData("x = ", "")]                          // blanks
    [InlineData("if x:\n        ", "")]               // a line's indentation
    [InlineData("if x:\n\t\t", "")]
    [InlineData("f(", "")]                            // signs
    [InlineData("a => {", "")]
    [InlineData("});", "")]
    [InlineData("x = 漢字", " 漢字")]
    [InlineData("x = '🙂", "")]
    [InlineData("naïve", "naïve")]
    public void What_is_half_written_is_taken_back_and_nothing_else(string before, string taken)
    {
        var (kept, start) = Split(new ByteVocabulary(), before);

        Assert.Equal(taken, start);
        Assert.Equal(before.ReplaceLineEndings("\n"), kept + start);
    }

    [Fact]
    public void Tokens_are_taken_back_whole()
    {
        var vocabulary = new ByteVocabulary { Words = ["def", " get_val", "lue"] };

        Assert.Equal(("def", " get_val"), Split(vocabulary, "def get_val"));
        Assert.Equal(("def", " get_value"), Split(vocabulary, "def get_value"));
    }

    [Fact]
    public void Of_a_long_word_the_end_alone_is_taken_back()
    {
        var (kept, start) = Split(new ByteVocabulary(), "x = " + new string('a', 500));

        Assert.Equal((500 + 4 - 48, 48), (kept.Length, start.Length));
    }

    [Theory]
    [InlineData("infill")]
    [InlineData("qwen")]
    public void Both_orders_keep_the_marker_and_the_suffix_behind_what_is_left(string template)
    {
        var vocabulary = new ByteVocabulary();
        var builder = new PromptBuilder(vocabulary, FimTemplates.Named(template)!);
        const string Text = "def f():\n    ret\n";

        var healed = builder.Request(SourceText.From(Text), 16, new FileNames("a.py"), s_healing);

        var rest = builder.Request(SourceText.From(Text.Remove(12, 4)), 12, new FileNames("a.py"), PromptOptions.Default with { Healing = false });
        Assert.Equal(rest.Prompt, healed.Prompt);
        Assert.Equal(" ret"u8.ToArray(), healed.Start.ToArray());
        Assert.Equal("def f():\n   ", Encoding.UTF8.GetString([.. healed.Prompt.Take(healed.Continued!.Value).Select(static token => (byte)token)]));
    }

    [Fact]
    public void It_can_be_switched_off()
    {
        var builder = new PromptBuilder(new ByteVocabulary(), FimTemplates.Named("infill")!);

        Assert.True(builder.Request(SourceText.From("ret"), 3, FileNames.None, PromptOptions.Default with { Healing = false }).Start.IsEmpty);
    }

    [Fact]
    public void A_prompt_of_the_prefix_alone_is_never_emptied()
    {
        var builder = new PromptBuilder(new ByteVocabulary { HasMarkers = false }, FimTemplates.PrefixOnly);

        var request = builder.Request(SourceText.From("ret"), 3, FileNames.None, s_healing);

        Assert.Equal("ret"u8.ToArray().Select(static b => (int)b), request.Prompt);
        Assert.True(request.Start.IsEmpty);
    }

    [Fact]
    public async Task A_suggestion_inside_a_word_goes_on_from_the_cursor()
    {
        await using var editor = await TestEditor.StartAsync(
            new ScriptedModel { Rule = ScriptedModel.Says(" return value") },
            options: new EditorOptions { OwnLayers = [new Infill.Server.Settings.SettingsLayer { Healing = true }] });
        await editor.OpenAsync("def f():\n    ret");

        var answer = await editor.InlineAsync(1, 7);

        Assert.Equal(["urn value"], answer.Texts());
    }

    [Fact]
    public async Task What_is_taken_back_is_no_part_of_the_tokens_that_a_suggestion_may_have()
    {
        await using var editor = await TestEditor.StartAsync(
            new ScriptedModel { Rule = ScriptedModel.Says(" return value") },
            options: new EditorOptions { OwnLayers = [new Infill.Server.Settings.SettingsLayer { Healing = true, MaxTokens = 3 }] });
        await editor.OpenAsync("def f():\n    ret");

        Assert.Equal(["urn"], (await editor.InlineAsync(1, 7)).Texts());
    }

    private static (string Kept, string Start) Split(ByteVocabulary vocabulary, string before)
    {
        var builder = new PromptBuilder(vocabulary, FimTemplates.Named("infill")!);
        var request = builder.Request(SourceText.From(before), before.Length, FileNames.None, s_healing);
        var kept = request.Prompt.Take(request.Continued!.Value).SelectMany(token => vocabulary.Piece(token).ToArray()).ToArray();
        return (Encoding.UTF8.GetString(kept), Encoding.UTF8.GetString(request.Start.Span));
    }
}
