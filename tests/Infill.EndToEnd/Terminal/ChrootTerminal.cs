namespace Infill.EndToEnd;

/// <summary>A terminal (tmux) with one editor in it, in a chroot that holds nothing but the editors and the published program.</summary>
/// <remarks>Without a terminal an editor takes keys as a script's, and fires none of the events on which suggestions hang.</remarks>
internal sealed class ChrootTerminal : IAsyncDisposable
{
    private const string Marker = "INFILL_TEST_SESSION";
    private const string RuntimeFolder = "XDG_RUNTIME_DIR=/mnt/run"; // an engine is shared within a test, never between two
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ChrootLimit = TimeSpan.FromMinutes(10);
    private readonly string _session = Guid.NewGuid().ToString("N");

    private ChrootTerminal()
    {
    }

    /// <summary>A folder of its own; the editor sees it as /mnt.</summary>
    public string Work { get; } = Directory.CreateTempSubdirectory("infill-terminal-").FullName;

    private string Socket => Path.Combine(Work, "tmux");

    private IEnumerable<string> Enter => [Path.Combine(Places.Terminal, "enter.sh"), Places.Chroot, Places.Publish, Work];

    /// <summary>Makes the chroot, where it isn't there yet.</summary>
    public static async Task<ChrootTerminal> CreateAsync()
    {
        (await Shell.RunAsync(Path.Combine(Places.Terminal, "chroot.sh"), [Places.Chroot], ChrootLimit)).OrThrow("chroot.sh");
        return new ChrootTerminal();
    }

    /// <summary>Starts the editor. The published program is /opt/infill.</summary>
    public Task StartAsync(params string[] command) => TmuxAsync(
    [
        "-u", "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "40", .. Enter,
        "env", $"{Marker}={_session}", "HOME=/mnt/home", "XDG_STATE_HOME=/mnt/state", RuntimeFolder, "LANG=C.UTF-8", "TERM=xterm-256color", .. command,
        ";", "set-option", "remain-on-exit", "on",
    ]);

    /// <summary>Runs a command beside the editor, to its end.</summary>
    public Task<CommandResult> RunAsync(params string[] command) => Shell.RunAsync(Enter.First(), Enter.Skip(1).Concat(command), CommandLimit);

    public Task TypeAsync(string text) => TmuxAsync("send-keys", "-l", "--", text);

    /// <param name="keys">By tmux's names: Escape, Tab, Enter.</param>
    public Task PressAsync(params string[] keys) => TmuxAsync(["send-keys", .. keys]);

    public async Task<string> ScreenAsync() => (await TmuxAsync("capture-pane", "-p")).Output;

    /// <summary>Sends a signal to the language server, or to the engine behind it.</summary>
    public async Task SignalAsync(string role, string signal) =>
        (await Shell.RunAsync("kill", [$"-{signal}", Assert.Single(Servers(role))], CommandLimit)).OrThrow("kill");

    /// <summary>The ids of our processes in one role: <c>lsp</c>, the one that the editor speaks to, or <c>daemon</c>, the engine's.</summary>
    public List<string> Servers(string role) => [.. Processes("infill").Where(id => ArgumentsOf(id).Contains(role))];

    /// <summary>What the engines that the editor uses have counted.</summary>
    public async Task<IReadOnlyList<EngineCounts>> CountsAsync() =>
        EngineCounts.Read((await RunAsync("env", RuntimeFolder, "/opt/infill", "status", "--json")).Output);

    private static string[] ArgumentsOf(string id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended
        }
    }

    /// <summary>The ids of this terminal's own processes, known by a variable that they inherit.</summary>
    private List<string> Processes(string? name)
    {
        var found = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(folder[^1])))
        {
            try
            {
                if (!File.ReadAllText(Path.Combine(folder, "environ")).Contains($"{Marker}={_session}", StringComparison.Ordinal)) continue;
                if (name is null || File.ReadAllText(Path.Combine(folder, "comm")).Trim() == name) found.Add(Path.GetFileName(folder));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await Shell.RunAsync("tmux", ["-S", Socket, "kill-server"], CommandLimit);
        foreach (var process in Processes(name: null))
        {
            await Shell.RunAsync("kill", ["-KILL", process], CommandLimit);
        }

        Directory.Delete(Work, recursive: true);
    }

    private async Task<CommandResult> TmuxAsync(params string[] arguments) =>
        (await Shell.RunAsync("tmux", ["-S", Socket, .. arguments], CommandLimit)).OrThrow($"tmux {arguments[0]}");
}
