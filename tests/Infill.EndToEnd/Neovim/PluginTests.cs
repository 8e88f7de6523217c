using System.Text.RegularExpressions;

namespace Infill.EndToEnd;

/// <summary>A user at a real Neovim 0.12 with our plugin: what streams in, what typing keeps and what each key takes.</summary>
public sealed partial class PluginTests(ITestOutputHelper output)
{
    private static readonly string Text = SampleCode.Shapes;

    [Fact]
    public async Task Ghost_text_grows_and_never_takes_back_what_it_showed()
    {
        await using var editor = await OpenAsync();

        var state = await TypeDefinitionAsync(editor);

        var screen = await editor.ScreenAsync();
        output.WriteLine(screen);
        output.WriteLine(string.Join("\n---\n", state.Drawn));
        Assert.Contains("    def " + FirstLine(state.Ghost), screen, StringComparison.Ordinal);
        Assert.Equal(Text + "    def ", state.Text);
        Assert.Equal(1, state.Marks);
        var last = state.Drawn.Skip(state.Drawn.ToList().LastIndexOf("") + 1).ToList();
        Assert.True(last.Count >= 2, $"It was drawn {last.Count} times.");
        Assert.All(last.Zip(last.Skip(1)), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Typing_what_is_suggested_keeps_the_rest_and_asks_nobody()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);
        var asked = editor.Log.Asked;

        await editor.TypeAsync(before.Ghost[..3]);
        var after = await editor.UntilAsync(state => state.Text == before.Text + before.Ghost[..3]);

        Assert.Equal(before.Ghost[3..], after.Ghost);
        Assert.DoesNotContain("", after.Drawn.Skip(before.Drawn.Count));
        Assert.Equal(asked, editor.Log.Asked);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Typing_something_else_takes_it_away_and_asks_anew()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);
        var other = before.Ghost[0] == 'a' ? "t" : "a"; // `area` stands above

        await editor.TypeAsync(other);
        var after = await editor.UntilAsync(state => state.Text == before.Text + other && state.Ghost.Length > 0);

        output.WriteLine(await editor.ScreenAsync());
        Assert.Equal("", after.Drawn[before.Drawn.Count]);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Tab_accepts_the_whole_suggestion_and_the_server_is_told()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);

        await editor.PressAsync("Tab");

        var after = await editor.UntilAsync(state => state.Text != before.Text);
        Assert.Equal(before.Text + before.Ghost, after.Text);
        await editor.UntilLogAsync(log => log.Accepted == 1);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Control_right_accepts_a_word_and_leaves_the_rest_on_the_screen()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);
        var word = Word().Match(before.Ghost).Value;

        await editor.PressAsync("C-Right");

        var after = await editor.UntilAsync(state => state.Text != before.Text);
        output.WriteLine(await editor.ScreenAsync());
        Assert.Equal(before.Text + word, after.Text);
        Assert.Equal(before.Ghost[word.Length..], after.Ghost);
        await editor.UntilLogAsync(log => log.PartlyAccepted == 1);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Control_l_accepts_line_after_line()
    {
        await using var editor = await OpenAsync("vim.lsp.config('infill', { settings = { infill = { mode = 'block' } } })");
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def __init__(self, width, height, depth):");
        var before = await editor.UntilAsync(state => state.IsWhole && state.Ghost.Split('\n').Length > 2 && state.Text.EndsWith("depth):", StringComparison.Ordinal));
        var lines = before.Ghost.Split('\n'); // the first is empty: the rest of the line that was typed

        await editor.PressAsync("C-l");
        var first = await editor.UntilAsync(state => state.Text == $"{before.Text}\n{lines[1]}");
        await editor.PressAsync("C-l");
        var second = await editor.UntilAsync(state => state.Text == $"{before.Text}\n{lines[1]}\n{lines[2]}");

        output.WriteLine(await editor.ScreenAsync());
        Assert.Equal('\n' + string.Join('\n', lines[2..]), first.Ghost);
        Assert.Equal("i", second.Mode);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task A_dismissed_suggestion_is_gone_until_asked_for()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);

        await editor.PressAsync("C-]");
        await editor.UntilAsync(state => state.Ghost.Length == 0);
        await editor.PressAsync("M-]");

        var after = await editor.UntilAsync(state => state.Ghost.Length > 0);
        Assert.Equal(before.Text, after.Text);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task The_next_key_shows_what_else_there_could_be_and_goes_round()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);
        List<string> seen = [before.Ghost];

        while (seen.Count == 1 || seen[^1] != before.Ghost)
        {
            await editor.PressAsync("M-]");
            seen.Add((await editor.UntilAsync(state => state.IsWhole && state.Ghost.Length > 0 && state.Ghost != seen[^1])).Ghost);
            output.WriteLine(await editor.ScreenAsync());
            Assert.True(seen.Count <= 4, string.Join('|', seen));
        }

        await editor.PressAsync("M-]", "Tab");

        await editor.UntilAsync(state => state.Text == before.Text + seen[1]);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Without_ghost_text_a_key_does_what_it_did_before()
    {
        await using var editor = await OpenAsync();
        var before = await TypeDefinitionAsync(editor);

        await editor.PressAsync("C-]", "Tab");

        await editor.UntilAsync(state => state.Text == before.Text + "-a tab of mine-");
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Beside_Neovims_own_inline_completion_it_is_drawn_once()
    {
        await using var editor = await OpenAsync();
        await editor.TypeAsync(":lua vim.lsp.inline_completion.enable(true)\n");

        var state = await TypeDefinitionAsync(editor);
        await editor.TypeAsync("__init__(self"); // longer than its client waits before it asks
        state = await editor.UntilAsync(state => state.Text.EndsWith("(self", StringComparison.Ordinal) && state.Ghost.Length > 0);

        Assert.Equal(1, state.Marks);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Where_the_plugin_is_not_to_draw_Neovims_own_client_does_once()
    {
        await using var editor = await OpenAsync("vim.g.infill = { ghost = false }; vim.lsp.inline_completion.enable(true)");

        var state = await TypeDefinitionAsync(editor);

        Assert.Equal(1, state.Marks);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Infill_log_opens_the_log_of_the_language_servers()
    {
        await using var editor = await OpenAsync();

        await editor.TypeAsync(":Infill log\n:1\n");

        await editor.UntilAsync(static state => state.Text.Contains("[START]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_killed_server_comes_back_with_one_notice_and_no_text_is_lost()
    {
        await using var editor = await OpenAsync();
        await TypeDefinitionAsync(editor);

        await editor.KillServerAsync();
        await editor.TypeAsync("__init__(self, ");
        var state = await editor.UntilAsync(state =>
            Notice().IsMatch(state.Messages) && state.IsAttached && state.Ghost.Length > 0 && state.Text.EndsWith("self, ", StringComparison.Ordinal));

        output.WriteLine(await editor.ScreenAsync());
        output.WriteLine(state.Messages);
        Assert.Equal(Text + "    def __init__(self, ", state.Text);
        Assert.Equal(1, Notice().Count(state.Messages));
    }

    [Fact]
    public async Task A_killed_engine_is_replaced_without_a_word_and_no_text_is_lost()
    {
        await using var editor = await OpenAsync();
        await TypeDefinitionAsync(editor);

        await editor.KillEngineAsync();
        await editor.TypeAsync("__init__(self, h"); // which nobody suggested: the next engine must
        var state = await editor.UntilAsync(static state => state.IsWhole && state.Ghost.Length > 0 && state.Text.EndsWith("self, h", StringComparison.Ordinal));

        output.WriteLine(await editor.ScreenAsync());
        Assert.Equal(Text + "    def __init__(self, h", state.Text);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task The_fifth_crash_ends_it_with_a_clear_message_and_restart_mends_it()
    {
        await using var editor = await OpenAsync("vim.g.infill = { restarts = 2 }");
        await editor.KillServerAsync();
        await editor.UntilAsync(state => Notice().Count(state.Messages) == 1 && state.IsAttached);

        await editor.KillServerAsync();
        var state = await editor.UntilAsync(state => state.Messages.Contains("Infill stays off", StringComparison.Ordinal));
        output.WriteLine(state.Messages);
        await editor.TypeAsync(":Infill restart\n");

        await editor.UntilAsync(state => state.IsAttached);
    }

    [Fact]
    public async Task Infill_toggle_ends_suggestions_and_brings_them_back()
    {
        await using var editor = await OpenAsync();
        await editor.TypeAsync(":Infill toggle\n");
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        var off = await editor.UntilAsync(state => state.Text.EndsWith("def ", StringComparison.Ordinal));
        Assert.Contains("Infill is off.", off.Messages, StringComparison.Ordinal);
        Assert.Equal(0, editor.Log.Asked);

        await editor.PressAsync("Escape");
        await editor.TypeAsync(":Infill toggle\n");
        await editor.TypeAsync("A");

        await editor.UntilAsync(state => state.Ghost.Length > 0);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Status_health_and_help_tell_what_there_is()
    {
        await using var editor = await OpenAsync();
        await TypeDefinitionAsync(editor);
        await editor.PressAsync("Escape");

        await editor.TypeAsync(":lua print('line: ' .. require('infill').statusline())\n");
        await editor.TypeAsync(":Infill status\n");
        var status = await editor.UntilAsync(state => state.Messages.Contains("last time to text", StringComparison.Ordinal));
        await editor.TypeAsync(":helptags /mnt/infill/doc\n:help infill-keys\n:only\n");
        var help = await editor.UntilAsync(state => state.Text.Contains("*infill-keys*", StringComparison.Ordinal));
        await editor.TypeAsync(":bwipeout\n:checkhealth infill\n");
        var health = await editor.UntilAsync(state => state.Text.Contains("Ghost text", StringComparison.Ordinal));

        output.WriteLine(status.Messages);
        output.WriteLine(health.Text);
        Assert.Matches(@"line: infill \d+ ms", status.Messages);
        Assert.Contains("Infill: ready", status.Messages, StringComparison.Ordinal);
        Assert.Contains("llama.cpp", health.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("ERROR", health.Text, StringComparison.Ordinal);
        Assert.NotEmpty(help.Text);
    }

    [Fact]
    public async Task From_key_to_extmark_takes_little_more_than_the_server_does()
    {
        await using var editor = await OpenAsync();
        await TypeDefinitionAsync(editor);
        var typed = (await editor.StateAsync()).Text;
        foreach (var key in KeyDelays.Typed)
        {
            await editor.TypeAsync(key.ToString());
            typed += key;
            await editor.UntilAsync(state => state.Text == typed && state.IsWhole); // there need not be a suggestion at every place
        }

        KeyDelays.AssertShort(output, "Neovim, our plugin", (await editor.StateAsync()).Delays, editorsOwnWait: 0);
    }

    [Fact]
    public async Task A_model_is_chosen_from_the_list_and_suggests_without_a_restart()
    {
        await using var editor = await OpenAsync("vim.ui.select = function(models, _, choose) choose(models[1]) end"); // a user who takes the first: the embedded one

        await editor.TypeAsync(":Infill model\n");
        await editor.UntilAsync(state => state.Messages.Contains("embedded is used from now on.", StringComparison.Ordinal));
        var state = await TypeDefinitionAsync(editor);

        output.WriteLine(state.Messages);
        Assert.NotEmpty(state.Ghost);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Infill_page_opens_the_live_page_of_the_engine()
    {
        await using var editor = await OpenAsync("vim.ui.open = function(url) vim.notify('opened ' .. url) end");
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        await editor.TypeAsync(":Infill page\n");
        var state = await editor.UntilAsync(static state => Opened().IsMatch(state.Messages));

        Assert.Contains("<title>Infill</title>", await browser.GetStringAsync(Opened().Match(state.Messages).Groups["link"].Value), StringComparison.Ordinal);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task A_model_that_cannot_be_had_is_said_in_one_line()
    {
        await using var editor = await OpenAsync();

        await editor.TypeAsync(":Infill model nothing\n");

        await editor.UntilAsync(state => state.Messages.Contains("Infill: There is no model 'nothing'. 'infill model list' shows which there are.", StringComparison.Ordinal));
    }

    private static Task<NeovimEditor> OpenAsync(string choices = "-- none") => NeovimEditor.OpenAsync(Text, "plugin.lua", choices);

    /// <summary>Ends with a suggestion of several lines on the screen that grows no more.</summary>
    private static async Task<NeovimState> TypeDefinitionAsync(NeovimEditor editor)
    {
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        return await editor.UntilAsync(state => state.IsWhole && state.Ghost.Length > 3 && state.Text.EndsWith("    def ", StringComparison.Ordinal));
    }

    private async Task AssertSilentAsync(NeovimEditor editor)
    {
        Assert.DoesNotMatch(ErrorMessage(), (await editor.StateAsync()).Messages);
        var errors = string.Join('\n', editor.Log.Errors);
        Assert.True(errors.Length == 0, errors);
        EngineCounts.AssertPrompt(output, "Neovim, our plugin", await editor.CountsAsync());
    }

    private static string FirstLine(string text) => text.Split('\n')[0];

    [GeneratedRegex(@"\bE\d+:|error|traceback", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ErrorMessage();

    [GeneratedRegex(@"opened (?<link>http://127\.0\.0\.1:\d+/\?key=\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Opened();

    [GeneratedRegex(@"Infill crashed and starts again", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Notice();

    [GeneratedRegex(@"^\s*(\w+|[^\s\w]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();
}
