using System.Text.Json;

namespace Infill.EndToEnd;

/// <summary>What Neovim knows at one moment.</summary>
/// <param name="Mode">"i" while inserting.</param>
/// <param name="Line">The cursor's, from 1.</param>
/// <param name="Column">The cursor's, in bytes from 0.</param>
/// <param name="Text">The buffer.</param>
/// <param name="Ghost">The suggestion on the screen; empty where there is none.</param>
/// <param name="Messages">The answer to <c>:messages</c>.</param>
/// <param name="IsAttached">Whether typing asks the language server.</param>
internal sealed record NeovimState(string Mode, int Line, int Column, string Text, string Ghost, string Messages, bool IsAttached);

/// <summary>One real Neovim in a terminal (tmux), in a chroot that holds nothing but Neovim and the published program.</summary>
/// <remarks>Without a terminal Neovim fires none of the events of insert mode, so nothing would be asked.</remarks>
internal sealed class NeovimEditor : IAsyncDisposable
{
    private const string Marker = "INFILL_TEST_SESSION";
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ChrootLimit = TimeSpan.FromMinutes(10);
    private readonly string _session = Guid.NewGuid().ToString("N");
    private readonly string _work = Directory.CreateTempSubdirectory("infill-neovim-").FullName;

    private string File => Path.Combine(_work, "project", "shapes.py");

    private string Terminal => Path.Combine(_work, "tmux");

    /// <summary>Opens <paramref name="text"/> in a Neovim whose language server is there.</summary>
    public static async Task<NeovimEditor> OpenAsync(string text)
    {
        (await Shell.RunAsync(Path.Combine(Places.Neovim, "chroot.sh"), [Places.Chroot], ChrootLimit)).OrThrow("chroot.sh");
        var editor = new NeovimEditor();
        try
        {
            await editor.StartAsync(text);
            return editor;
        }
        catch
        {
            await editor.DisposeAsync();
            throw;
        }
    }

    public Task TypeAsync(string text) => TmuxAsync("send-keys", "-l", "--", text);

    /// <param name="keys">By tmux's names: Escape, Tab, Enter.</param>
    public Task PressAsync(params string[] keys) => TmuxAsync(["send-keys", .. keys]);

    public async Task<string> ScreenAsync() => (await TmuxAsync("capture-pane", "-p")).Output;

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
        () => Task.FromResult(Processes("infill").Count == 0 ? "ended" : null), StoryAsync);

    public LspLog Log => LspLog.Read(Path.Combine(_work, "state", "nvim", "lsp.log"));

    /// <summary>The server stands still, and Neovim goes on.</summary>
    public Task StopServerAsync() => SignalServerAsync("STOP");

    public Task ContinueServerAsync() => SignalServerAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await Shell.RunAsync("tmux", ["-S", Terminal, "kill-server"], CommandLimit);
        foreach (var process in Processes(name: null))
        {
            await Shell.RunAsync("kill", ["-KILL", process], CommandLimit);
        }

        Directory.Delete(_work, recursive: true);
    }

    /// <summary>For a failed test: all there is to see.</summary>
    public async Task<string> StoryAsync() => $"{await ScreenAsync()}\n{await TryStateAsync()}\n{Log}";

    private async Task StartAsync(string text)
    {
        Directory.CreateDirectory(Path.Combine(_work, "project", ".git"));
        await System.IO.File.WriteAllTextAsync(File, text);
        foreach (var script in (string[])["init.lua", "probe.lua"])
        {
            System.IO.File.Copy(Path.Combine(Places.Neovim, script), Path.Combine(_work, script));
        }

        await TmuxAsync(
        [
            "-u", "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "40", .. Enter,
            "env", $"{Marker}={_session}", "HOME=/mnt/home", "XDG_STATE_HOME=/mnt/state", "LANG=C.UTF-8",
            "nvim", "--clean", "-u", "/mnt/init.lua", "--cmd", "luafile /mnt/probe.lua", "--listen", "/mnt/nvim.sock", "/mnt/project/shapes.py",
            ";", "set-option", "remain-on-exit", "on",
        ]);
        await UntilAsync(state => state.IsAttached);
    }

    private IEnumerable<string> Enter => [Path.Combine(Places.Neovim, "enter.sh"), Places.Chroot, Places.Publish, _work];

    /// <summary>Null where Neovim doesn't answer yet.</summary>
    private async Task<NeovimState?> TryStateAsync()
    {
        var arguments = Enter.Skip(1).Concat(["nvim", "--server", "/mnt/nvim.sock", "--remote-expr", "v:lua.Probe()"]);
        var result = await Shell.RunAsync(Enter.First(), arguments, CommandLimit);
        return result.ExitCode == 0 && result.Output.StartsWith('{')
            ? JsonSerializer.Deserialize<NeovimState>(result.Output, JsonSerializerOptions.Web)
            : null;
    }

    private async Task<CommandResult> TmuxAsync(params string[] arguments) =>
        (await Shell.RunAsync("tmux", ["-S", Terminal, .. arguments], CommandLimit)).OrThrow($"tmux {arguments[0]}");

    private async Task SignalServerAsync(string signal) =>
        (await Shell.RunAsync("kill", [$"-{signal}", Assert.Single(Processes("infill"))], CommandLimit)).OrThrow("kill");

    /// <summary>The ids of this editor's own processes, known by a variable that they inherit.</summary>
    private List<string> Processes(string? name)
    {
        var found = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(folder[^1])))
        {
            try
            {
                if (!System.IO.File.ReadAllText(Path.Combine(folder, "environ")).Contains($"{Marker}={_session}", StringComparison.Ordinal)) continue;
                if (name is null || System.IO.File.ReadAllText(Path.Combine(folder, "comm")).Trim() == name) found.Add(Path.GetFileName(folder));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return found;
    }
}
