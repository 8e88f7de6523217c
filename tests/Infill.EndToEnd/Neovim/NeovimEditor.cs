using System.Text.Json;

namespace Infill.EndToEnd;

/// <summary>What Neovim knows at one moment.</summary>
/// <param name="Mode">"i" while inserting.</param>
/// <param name="Line">The cursor's, from 1.</param>
/// <param name="Column">The cursor's, in bytes from 0.</param>
/// <param name="Text">The buffer.</param>
/// <param name="Ghost">The suggestion on the screen; empty where there is none.</param>
/// <param name="Marks">How often ghost text is drawn at this moment: never more than once.</param>
/// <param name="Drawn">Every ghost text there was, in its order; empty where it was taken away.</param>
/// <param name="Delays">For each key with which the server was asked, and gave ghost text, how long that took.</param>
/// <param name="Messages">The answer to <c>:messages</c>.</param>
/// <param name="IsAttached">Whether typing asks the language server.</param>
/// <param name="IsWhole">Whether no request is under way.</param>
internal sealed record NeovimState(
    string Mode, int Line, int Column, string Text, string Ghost, int Marks, IReadOnlyList<string> Drawn, IReadOnlyList<KeyDelay> Delays, string Messages, bool IsAttached, bool IsWhole);

/// <summary>One real Neovim in a terminal.</summary>
internal sealed class NeovimEditor : IAsyncDisposable
{
    private readonly ChrootTerminal _terminal;

    private NeovimEditor(ChrootTerminal terminal) => _terminal = terminal;

    private string File => FileOf(_terminal);

    public LspLog Log => LspLog.Read(Path.Combine(_terminal.Work, "state", "nvim", "lsp.log"));

    /// <summary>Opens <paramref name="text"/> in a Neovim whose language server is there.</summary>
    /// <param name="text">What the file holds.</param>
    /// <param name="configuration">The user's init.lua: <c>init.lua</c> has Neovim's own client alone, <c>plugin.lua</c> our plugin.</param>
    /// <param name="choices">Lua that runs before it.</param>
    /// <param name="prepare">What else is to lie in the folder that Neovim sees as /mnt.</param>
    public static async Task<NeovimEditor> OpenAsync(string text, string configuration = "init.lua", string choices = "-- none", Func<string, Task>? prepare = null)
    {
        var editor = new NeovimEditor(await ChrootTerminal.CreateAsync());
        try
        {
            if (prepare is not null) await prepare(editor._terminal.Work);
            await editor.StartAsync(text, configuration, choices);
            return editor;
        }
        catch
        {
            await editor.DisposeAsync();
            throw;
        }
    }

    public Task TypeAsync(string text) => _terminal.TypeAsync(text);

    /// <param name="keys">By tmux's names: Escape, Tab, Enter.</param>
    public Task PressAsync(params string[] keys) => _terminal.PressAsync(keys);

    public Task<string> ScreenAsync() => _terminal.ScreenAsync();

    public async Task<NeovimState> StateAsync() => await TryStateAsync() ?? throw new InvalidOperationException(await StoryAsync());

    /// <summary>Waits until Neovim is as it should be.</summary>
    public Task<NeovimState> UntilAsync(Predicate<NeovimState> isSo) => Eventually.GetAsync(
        async () => await TryStateAsync() is { } state && isSo(state) ? state : null, StoryAsync);

    /// <summary>Waits until the log of all messages is as it should be.</summary>
    public Task<LspLog> UntilLogAsync(Predicate<LspLog> isSo) => Eventually.GetAsync(
        () => Log is var log && isSo(log) ? Task.FromResult<LspLog?>(log) : Task.FromResult<LspLog?>(null), StoryAsync);

    /// <summary>Waits until the file on the disk is another, and reads it.</summary>
    public Task<string> UntilFileIsNotAsync(string text) => Eventually.GetAsync(
        async () => await System.IO.File.ReadAllTextAsync(File) is var now && now.Length > 0 && now != text ? now : null, StoryAsync);

    public async Task UntilServerEndsAsync() => await Eventually.GetAsync(
        () => Task.FromResult(_terminal.Servers("lsp").Count == 0 ? "ended" : null), StoryAsync);

    /// <summary>The server stands still, and Neovim goes on.</summary>
    public Task StopServerAsync() => _terminal.SignalAsync("lsp", "STOP");

    public Task ContinueServerAsync() => _terminal.SignalAsync("lsp", "CONT");

    public Task KillServerAsync() => _terminal.SignalAsync("lsp", "KILL");

    /// <summary>The process behind the server, which holds the model.</summary>
    public Task KillEngineAsync() => _terminal.SignalAsync("daemon", "KILL");

    /// <summary>What the server has counted so far.</summary>
    public Task<IReadOnlyList<EngineCounts>> CountsAsync() => _terminal.CountsAsync();

    public ValueTask DisposeAsync() => _terminal.DisposeAsync();

    /// <summary>For a failed test: all there is to see.</summary>
    public async Task<string> StoryAsync() => $"{await ScreenAsync()}\n{await TryStateAsync()}\n{Log}";

    /// <summary>Puts a project, a configuration and the plugin where Neovim finds them.</summary>
    public static void Prepare(ChrootTerminal terminal, string text, string configuration)
    {
        Directory.CreateDirectory(Path.Combine(terminal.Work, "project", ".git"));
        System.IO.File.WriteAllText(FileOf(terminal), text);
        foreach (var script in (string[])[configuration, "probe.lua"])
        {
            System.IO.File.Copy(Path.Combine(Places.Neovim, script), Path.Combine(terminal.Work, script));
        }

        CopyFolder(Places.NeovimPlugin, Path.Combine(terminal.Work, "infill"));
    }

    private async Task StartAsync(string text, string configuration, string choices)
    {
        Prepare(_terminal, text, configuration);
        await _terminal.StartAsync(
            "nvim", "--clean", "-u", $"/mnt/{configuration}", "--cmd", "luafile /mnt/probe.lua", "--cmd", $"lua {choices}", "--listen", "/mnt/nvim.sock", "/mnt/project/shapes.py");
        await UntilAsync(state => state.IsAttached);
    }

    private static string FileOf(ChrootTerminal terminal) => Path.Combine(terminal.Work, "project", "shapes.py");

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(file, copy);
        }
    }

    /// <summary>Null where Neovim doesn't answer yet.</summary>
    private async Task<NeovimState?> TryStateAsync()
    {
        var result = await ProbeAsync();
        return result.ExitCode == 0 && result.Output.StartsWith('{')
            ? JsonSerializer.Deserialize<NeovimState>(result.Output, JsonSerializerOptions.Web)
            : null;
    }

    /// <exception cref="TimeoutException">Neovim waits for the user, as it does at 'Press ENTER': the message has the screen.</exception>
    private async Task<CommandResult> ProbeAsync()
    {
        try
        {
            return await _terminal.RunAsync("nvim", "--server", "/mnt/nvim.sock", "--remote-expr", "v:lua.Probe()");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{await ScreenAsync()}", e);
        }
    }
}
