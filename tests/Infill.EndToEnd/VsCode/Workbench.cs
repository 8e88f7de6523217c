using System.Globalization;
using System.Text.Json;

namespace Infill.EndToEnd;

/// <summary>Installs the extension in a real VS Code and runs every scenario of <c>workbench.mjs</c> in one window, once for all tests.</summary>
public sealed class Workbench : IAsyncDisposable
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(12);
    private readonly string _folder = Directory.CreateTempSubdirectory("infill-vsix-").FullName;
    private Task<string>? _extension; // the tests of a class run one after another
    private Task<JsonElement>? _report;

    /// <summary>Where screenshots are put.</summary>
    public static string Pictures => Path.Combine(AppContext.BaseDirectory, "vscode-screenshots");

    /// <exception cref="InvalidOperationException">The scenario could not be played to its end; the message says where.</exception>
    internal async Task<T> ReportAsync<T>(string scenario)
    {
        var report = (await (_report ??= RunAsync("workbench.mjs", Pictures))).GetProperty(scenario);
        if (report.TryGetProperty("problem", out var problem)) throw new InvalidOperationException($"{problem}\nScreenshots are in {Pictures}.");
        return report.Deserialize<T>(JsonSerializerOptions.Web)!;
    }

    /// <summary>Opens a window by turns with the extension and without, that often each.</summary>
    internal async Task<StartUpReport> StartUpAsync(int turns)
    {
        var opened = await RunAsync("startup.mjs", turns.ToString(CultureInfo.InvariantCulture));
        return opened.Deserialize<StartUpReport>(JsonSerializerOptions.Web)!;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task<JsonElement> RunAsync(string script, string argument)
    {
        var extension = await (_extension ??= PackAsync());
        var played = await Shell.RunAsync("node", [Path.Combine(Places.VsCode, script), Path.Combine(Places.CodeServer, "start"), extension, argument], Limit);
        return JsonElement.Parse(played.OrThrow(script).Output);
    }

    private async Task<string> PackAsync()
    {
        (await Shell.RunAsync(Path.Combine(Places.VsCode, "code-server.sh"), [Places.CodeServer], InstallLimit)).OrThrow("code-server.sh");
        var package = await Shell.RunAsync("env", [$"INFILL_PUBLISHED={Places.Publish}", Path.Combine(Places.Editors, "vscode", "package.sh"), "linux-x64", _folder], Limit);
        return package.OrThrow("package.sh").Output.Trim();
    }
}

/// <summary>Milliseconds.</summary>
/// <param name="With">From opening the window to the frame that shows a typed key, with the extension beside another.</param>
/// <param name="Without">The same with that other one alone.</param>
/// <param name="Started">From that frame to the start of the extension's server: negative where it came before the key.</param>
internal sealed record StartUpReport(IReadOnlyList<double> With, IReadOnlyList<double> Without, IReadOnlyList<double> Started);

/// <param name="At">Milliseconds.</param>
/// <param name="Ghost">The ghost text from this frame on; empty where there is none.</param>
internal sealed record Frame(double At, string Ghost);

/// <param name="Counts">Of each engine's process that there was.</param>
internal sealed record CountsReport(IReadOnlyList<EngineCounts> Counts);

/// <param name="All">Requests for a suggestion that reached the server.</param>
/// <param name="Invoked">Of these, by hand.</param>
/// <param name="Selected">Of these, with an entry of the suggest widget selected.</param>
internal sealed record AskedReport(int All, int Invoked, int Selected);

/// <param name="Whole">From the key to the frame, in milliseconds.</param>
/// <param name="Server">Of that, from asking the server to its first text.</param>
/// <param name="IsAsked">Whether the server was asked, rather than what is known already shown on.</param>
internal sealed record FrameDelay(double Whole, double Server, bool IsAsked);

/// <param name="Asked">The column for which a suggestion was asked.</param>
/// <param name="Edited">The column where the last edit that the server was told before had left the cursor; null where there was none.</param>
/// <param name="Edits">How many edits it had been told.</param>
internal sealed record AskedPlace(int Asked, int? Edited, int Edits);

/// <summary>What a scenario saw; a member is null where the scenario has no such part.</summary>
/// <param name="Before">The suggestion before the key under test.</param>
/// <param name="Ghost">What was on the screen at the end.</param>
/// <param name="Frames">Every change of the ghost text.</param>
/// <param name="Asked">What reached the server.</param>
/// <param name="Saved">The file on the disk after saving.</param>
/// <param name="Status">The status bar's item.</param>
/// <param name="Told">Whether the server was told of an accepted suggestion.</param>
/// <param name="Invoked">Requests by hand that reached the server.</param>
/// <param name="Notices">Notifications on the screen.</param>
/// <param name="Choices">The menu's entries.</param>
/// <param name="Delays">One for each key.</param>
/// <param name="IsSynced">Whether the server was told of the notebook's edits.</param>
/// <param name="Seen">What was on the screen, one after another.</param>
/// <param name="IsSameServer">Whether the server's process is the one from before.</param>
/// <param name="Steps">The walkthrough's; the workspace's roots.</param>
/// <param name="Settings">Names of those that the server was told.</param>
/// <param name="Waits">From a key until the server is asked, in milliseconds.</param>
/// <param name="Places">One for each request.</param>
/// <param name="Cancelled">How often it came to that.</param>
internal sealed record ScenarioReport(
    string? Before, string? Ghost, IReadOnlyList<Frame>? Frames, AskedReport? Asked, string? Saved, string? Status, bool Told, int Invoked,
    IReadOnlyList<string>? Notices, IReadOnlyList<string>? Choices, IReadOnlyList<FrameDelay>? Delays, bool IsSynced,
    IReadOnlyList<string>? Seen, bool IsSameServer, IReadOnlyList<string>? Steps, IReadOnlyList<string>? Settings,
    IReadOnlyList<double>? Waits, IReadOnlyList<AskedPlace>? Places, int Cancelled);
