using System.Text.Json;

namespace Infill.EndToEnd;

/// <summary>A user at a real Emacs 30 with eglot: the suggestion as a completion, and previewed behind the cursor.</summary>
public sealed class EmacsTests(ITestOutputHelper output)
{
    private static readonly string Text = SampleCode.Shapes;

    [Fact]
    public async Task Completion_at_point_inserts_the_suggestion()
    {
        await using var terminal = await OpenAsync();

        await terminal.TypeAsync("    def ");
        await terminal.PressAsync("M-Tab");
        var state = await UntilAsync(terminal, state => state.Text.Length > Text.Length + "    def ".Length);
        await terminal.PressAsync("C-x", "C-s");

        var file = Path.Combine(terminal.Work, "project", "shapes.py");
        var written = await Eventually.GetAsync(
            async () => await File.ReadAllTextAsync(file) is var now && now.Length > Text.Length ? now : null, terminal.ScreenAsync);
        output.WriteLine(await terminal.ScreenAsync());
        Assert.StartsWith(Text + "    def __init__(self", state.Text, StringComparison.Ordinal);
        Assert.Equal(state.Text.TrimEnd(), written.TrimEnd()); // python-mode ends a file with a line break
    }

    [Fact]
    public async Task Completion_preview_mode_shows_it_as_ghost_text_and_tab_accepts_it()
    {
        await using var terminal = await OpenAsync();

        await terminal.TypeAsync("    def __in");
        var shown = await UntilAsync(terminal, state => state.Ghost.Length > 0);
        output.WriteLine(await terminal.ScreenAsync());
        await terminal.PressAsync("Tab");

        var state = await UntilAsync(terminal, state => state.Text != shown.Text);
        Assert.Equal(Text + "    def __in", shown.Text);
        Assert.StartsWith(shown.Text + "it__(self", state.Text, StringComparison.Ordinal);
    }

    private static async Task<ChrootTerminal> OpenAsync()
    {
        var terminal = await ChrootTerminal.CreateAsync();
        try
        {
            Directory.CreateDirectory(Path.Combine(terminal.Work, "project", ".git"));
            Directory.CreateDirectory(Path.Combine(terminal.Work, "home"));
            await File.WriteAllTextAsync(Path.Combine(terminal.Work, "project", "shapes.py"), Text);
            File.Copy(Path.Combine(Places.Emacs, "init.el"), Path.Combine(terminal.Work, "init.el"));
            await terminal.StartAsync("emacs", "-nw", "-Q", "-l", "/mnt/init.el", "/mnt/project/shapes.py");
            await UntilAsync(terminal, state => state.IsAttached);
            await terminal.PressAsync("M->");
            return terminal;
        }
        catch
        {
            await terminal.DisposeAsync();
            throw;
        }
    }

    private static Task<EmacsState> UntilAsync(ChrootTerminal terminal, Predicate<EmacsState> isSo)
    {
        return Eventually.GetAsync(async () => await StateAsync() is { } state && isSo(state) ? state : null, async () => $"{await terminal.ScreenAsync()}\n{await StateAsync()}");

        async Task<EmacsState?> StateAsync()
        {
            var result = await terminal.RunAsync("emacsclient", "--socket-name=/mnt/emacs/server", "--eval", "(probe)");
            return result.ExitCode == 0 && JsonSerializer.Deserialize<string>(result.Output) is ['{', ..] json
                ? JsonSerializer.Deserialize<EmacsState>(json, JsonSerializerOptions.Web)
                : null;
        }
    }

    /// <param name="Text">The buffer.</param>
    /// <param name="Ghost">What completion-preview-mode shows behind the cursor.</param>
    /// <param name="Messages">The buffer *Messages*.</param>
    /// <param name="IsAttached">Whether eglot manages the buffer.</param>
    private sealed record EmacsState(string Text, string Ghost, string Messages, bool IsAttached);
}
