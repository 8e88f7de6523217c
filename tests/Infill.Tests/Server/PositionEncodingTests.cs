using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

public sealed class PositionEncodingTests
{
    private readonly PromptLog _log = new();

    [Theory]
    [InlineData(null, "utf-16")]
    [InlineData("""["utf-8","utf-16"]""", "utf-8")]
    [InlineData("""["utf-32","utf-8"]""", "utf-32")]
    [InlineData("""["utf-16","utf-8"]""", "utf-16")]
    [InlineData("""["ebcdic","utf-32"]""", "utf-32")]
    [InlineData("""["ebcdic"]""", "utf-16")]
    [InlineData("[]", "utf-16")]
    public async Task The_client_s_first_choice_that_we_know_is_taken(string? offered, string chosen)
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(new ScriptedModel()));

        var answer = await editor.AskAsync("initialize", Capabilities(offered));

        Assert.Equal(chosen, answer.GetProperty("result").GetProperty("capabilities").GetProperty("positionEncoding").GetString());
    }

    [Theory]
    [InlineData("utf-8", 9, 11)]
    [InlineData("utf-16", 7, 9)]
    [InlineData("utf-32", 6, 8)]
    public async Task Edits_and_cursors_behind_an_emoji_are_counted_as_agreed(string encoding, int behindEmoji, int behindTyped)
    {
        await using var editor = await StartAsync(encoding);
        await editor.OpenAsync("s = '🙂'\nt = 1\n"); // the emoji begins at 5 in every encoding
        await editor.TypeAsync(2, 0, behindEmoji, "ab");

        var item = Assert.Single((await editor.InlineAsync(0, behindTyped)).Items());

        Assert.Equal("s = '🙂ab‸'\nt = 1\n", Assert.Single(_log.Prompts));
        Assert.Equal(
            $$$"""{"start":{"line":0,"character":{{{behindTyped}}}},"end":{"line":0,"character":{{{behindTyped}}}}}""", item.GetProperty("range").GetRawText());
    }

    [Theory]
    [InlineData("utf-8", 5, 9)]
    [InlineData("utf-16", 5, 7)]
    [InlineData("utf-32", 5, 6)]
    public async Task An_emoji_can_be_replaced(string encoding, int start, int end)
    {
        await using var editor = await StartAsync(encoding);
        await editor.OpenAsync("s = '🙂'\n");
        await editor.ChangeAsync(
            2, $$"""{"range":{"start":{"line":0,"character":{{start}}},"end":{"line":0,"character":{{end}} } },"text":"é"}""");

        await editor.InlineAsync(1, 0);

        Assert.Equal("s = 'é'\n‸", Assert.Single(_log.Prompts));
    }

    [Theory]
    [InlineData("utf-8", 9)]
    [InlineData("utf-16", 7)]
    [InlineData("utf-32", 6)]
    public async Task The_place_after_the_line_is_the_line_s_end(string encoding, int end)
    {
        await using var editor = await StartAsync(encoding);
        await editor.OpenAsync("s = '🙂");

        var item = Assert.Single((await editor.InlineAsync(0, 500)).Items());

        Assert.Equal($$"""{"line":0,"character":{{end}}}""", item.GetProperty("range").GetProperty("end").GetRawText());
    }

    private static string Capabilities(string? offered) => offered is null
        ? """{"capabilities":{}}"""
        : $$"""{"capabilities":{"general":{"positionEncodings":{{offered}} } } }""";

    private Task<TestEditor> StartAsync(string encoding) =>
        TestEditor.StartAsync(new ScriptedModel { Rule = _log.Before(ScriptedModel.Says("c")) }, Capabilities($"""["{encoding}"]"""));
}
