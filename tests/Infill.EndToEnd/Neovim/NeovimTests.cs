using System.Text.RegularExpressions;

namespace Infill.EndToEnd;

/// <summary>A user at a real Neovim 0.12: what is on the screen, in the buffer and in the file.</summary>
public sealed partial class NeovimTests(ITestOutputHelper output)
{
    private const int RequestCancelled = -32800;

    private static readonly string Text = SampleCode.Shapes;

    [Fact]
    public async Task Typing_shows_ghost_text_on_the_screen_and_not_in_the_buffer()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);

        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        var state = await editor.UntilAsync(state => state.Ghost.Length > 0);

        var screen = await editor.ScreenAsync();
        output.WriteLine(screen);
        Assert.Contains("    def " + FirstLine(state.Ghost), screen, StringComparison.Ordinal);
        Assert.Equal(Text + "    def ", state.Text);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Accepting_inserts_exactly_the_ghost_text()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        var shown = await editor.UntilAsync(state => state.Ghost.Length > 0);

        await editor.PressAsync("Tab");
        await editor.UntilAsync(state => state.Text != shown.Text);
        await editor.PressAsync("Escape");
        await editor.TypeAsync(":write\n");

        var written = await editor.UntilFileIsNotAsync(Text);
        output.WriteLine(await editor.ScreenAsync());
        Assert.Equal($"{Text}    def {shown.Ghost}\n", written);
        Assert.Equal(1, editor.Log.Accepted);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Typing_what_is_suggested_keeps_the_rest_on_the_screen()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        var shown = await editor.UntilAsync(state => state.Ghost.Length > 2);

        await editor.TypeAsync(shown.Ghost[..2]);

        await editor.UntilAsync(state => state.Text == shown.Text + shown.Ghost[..2] && state.Ghost == shown.Ghost[2..]);
        await AssertSilentAsync(editor);
    }

    [Theory]
    [InlineData("C-Right", "word")]
    [InlineData("C-l", "line")]
    public async Task A_word_or_a_line_is_accepted_and_the_rest_asked_for(string key, string part)
    {
        var isLine = part == "line";
        await using var editor = await NeovimEditor.OpenAsync(Text);
        await editor.PressAsync("G", "o");
        await editor.TypeAsync(isLine ? "def __init__(self, width, height, depth):" : "def ");
        if (isLine) await editor.PressAsync("Enter", "C-u"); // before the indentation, where the model is sure of the whole body
        var shown = await editor.UntilAsync(state => isLine ? state.Ghost.Contains('\n', StringComparison.Ordinal) : state.Ghost.Length > 0);
        var accepted = isLine ? FirstLine(shown.Ghost) : Word().Match(shown.Ghost).Value;

        await editor.PressAsync(key);

        await editor.UntilAsync(state => state.Text == shown.Text + accepted && state.Ghost.Length > 0);
        output.WriteLine(await editor.ScreenAsync());
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Typing_on_while_suggestions_are_made_shows_no_error_and_ends_with_one_for_the_last_key()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);
        await editor.PressAsync("G", "o");
        foreach (var key in "def __init__")
        {
            var asked = editor.Log.Asked;
            await editor.TypeAsync(key.ToString());
            await editor.UntilLogAsync(log => log.Asked > asked); // and the next key is typed before the answer is read
        }

        foreach (var key in "(self, width")
        {
            await editor.TypeAsync(key.ToString()); // faster than Neovim asks
        }

        var state = await editor.UntilAsync(state => state.Ghost.Length > 0 && state.Text.EndsWith("width", StringComparison.Ordinal));
        output.WriteLine(await editor.ScreenAsync());
        Assert.Contains("    def __init__(self, width" + FirstLine(state.Ghost), await editor.ScreenAsync(), StringComparison.Ordinal);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task A_request_outdone_by_typing_is_cancelled_in_silence()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        var shown = await editor.UntilAsync(static state => state.IsWhole && state.Ghost.Length > 0 && state.Text.EndsWith("def ", StringComparison.Ordinal));
        Assert.False(shown.Ghost.StartsWith('a'), shown.Ghost);

        // The server stands still until both requests and the edit between them are on their way. What is typed is not what is
        // shown: that would be answered from the cache, before a cancellation could be read.
        await editor.StopServerAsync();
        var before = editor.Log;
        await editor.TypeAsync("a");
        await editor.UntilLogAsync(log => log.Asked == before.Asked + 1);
        await editor.TypeAsync("r");
        await editor.UntilLogAsync(log => log.Asked == before.Asked + 2 && log.Changes == before.Changes + 2);
        await editor.ContinueServerAsync();

        await editor.UntilLogAsync(log => log.AnsweredWith(RequestCancelled) == before.AnsweredWith(RequestCancelled) + 1 && log.Suggested == before.Suggested + 1);
        var state = await editor.StateAsync();
        output.WriteLine(await editor.ScreenAsync());
        Assert.EndsWith("def ar", state.Text, StringComparison.Ordinal);
        Assert.NotEmpty(state.Ghost);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task From_key_to_extmark_takes_little_more_than_the_server_and_Neovims_own_wait()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);
        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");
        var typed = (await editor.UntilAsync(static state => state.Ghost.Length > 0 && state.Text.EndsWith("def ", StringComparison.Ordinal))).Text;
        foreach (var key in KeyDelays.Typed)
        {
            var asked = editor.Log.Asked;
            await editor.TypeAsync(key.ToString());
            typed += key;
            await editor.UntilLogAsync(log => log.Asked > asked); // it asks for every key, once it has waited
            await editor.UntilAsync(state => state.Text == typed && state.IsWhole);
        }

        KeyDelays.AssertShort(output, "Neovim, its own client", (await editor.StateAsync()).Delays, editorsOwnWait: 200);
        await AssertSilentAsync(editor);
    }

    [Fact]
    public async Task Leaving_the_editor_ends_the_server()
    {
        await using var editor = await NeovimEditor.OpenAsync(Text);

        await editor.TypeAsync(":quit!\n");

        await editor.UntilServerEndsAsync();
    }

    /// <summary>No error for the user, none in the log, where the server's stderr goes too, and nothing late by the server's own counters.</summary>
    private async Task AssertSilentAsync(NeovimEditor editor)
    {
        Assert.DoesNotMatch(ErrorMessage(), (await editor.StateAsync()).Messages);
        var errors = string.Join('\n', editor.Log.Errors);
        Assert.True(errors.Length == 0, errors);
        EngineCounts.AssertPrompt(output, "Neovim, its own client", await editor.CountsAsync());
    }

    private static string FirstLine(string text) => text.Split('\n')[0];

    [GeneratedRegex(@"\bE\d+:|error|traceback", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ErrorMessage();

    [GeneratedRegex(@"^\s*\w+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Word();
}
