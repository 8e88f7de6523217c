using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Sharing;

/// <summary>Five editors' processes before one engine's, which is killed while all five type.</summary>
public sealed class SharedEngineTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Uri = "file:///work/share.py";
    private const int Editors = 5;
    private const double MostMegabytes = 30;
    private static readonly TimeSpan MostAfterKill = TimeSpan.FromSeconds(3);
    private readonly string _folder = Directory.CreateTempSubdirectory("infill-share-").FullName;
    private readonly List<LspProcess> _editors = [];

    public ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", _folder); // inherited by all that is started here
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Five_editors_share_one_engine_and_are_served_again_within_seconds_of_its_being_killed()
    {
        var texts = new List<string?>();
        for (var number = 0; number < Editors; number++) texts.Add(await OpenAsync());
        Assert.All(texts, text => Assert.Equal(texts[0], text));
        var engine = Assert.Single(await EnginesAsync());
        foreach (var editor in _editors.Skip(1))
        {
            var megabytes = ProportionalMegabytes(editor.ProcessId);
            output.WriteLine($"an editor's process: {megabytes:F1} MB");
            Assert.True(megabytes <= MostMegabytes, $"An editor's process takes {megabytes:F1} MB.");
        }

        using (var process = Process.GetProcessById(engine)) process.Kill(); // SIGKILL
        var killedAt = Stopwatch.GetTimestamp();
        foreach (var editor in _editors) editor.Insert(Uri, version: 2, line: 1, character: 11, "a +");
        var after = await Task.WhenAll(_editors.Select(static editor => AskAsync(editor, character: 14)));

        var took = Stopwatch.GetElapsedTime(killedAt);
        output.WriteLine($"all {Editors} have a suggestion {took.TotalMilliseconds:F0} ms after the engine was killed");
        Assert.True(took <= MostAfterKill, $"It took {took}.");
        Assert.All(after, text => Assert.False(string.IsNullOrEmpty(text)));
        Assert.All(after, text => Assert.Equal(after[0], text)); // the same documents on both sides give the same text
        Assert.NotEqual(engine, Assert.Single(await EnginesAsync()));
        Assert.All(_editors, static editor => Assert.Equal(0, editor.StrayAnswers)); // nothing answered twice
    }

    [Fact]
    public async Task Where_an_engine_cannot_be_shared_the_editor_has_one_of_its_own()
    {
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", Path.Combine(_folder, new string('x', 100))); // too long for a socket's name

        var text = await OpenAsync();

        Assert.False(string.IsNullOrEmpty(text));
        Assert.Empty(await EnginesAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var editor in _editors) editor.Dispose();
        foreach (var engine in await EnginesAsync())
        {
            using var process = Process.GetProcessById(engine);
            process.Kill();
            await process.WaitForExitAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string?> OpenAsync()
    {
        var editor = new LspProcess(Places.Server, "lsp", "--shared");
        _editors.Add(editor);
        var initialized = Stopwatch.GetElapsedTime(editor.StartedAt, await editor.InitializeAsync(isGrowing: false));
        editor.Open(Uri, "def add(a, b):\n    return \n\nprint(add(1, 2))\n");
        var text = await AskAsync(editor, character: 11);
        output.WriteLine($"initialize answered after {initialized.TotalMilliseconds:F0} ms, first suggestion after {Stopwatch.GetElapsedTime(editor.StartedAt).TotalMilliseconds:F0} ms");
        return text;
    }

    private static async Task<string?> AskAsync(LspProcess editor, int character)
    {
        var arrival = await editor.Complete(Uri, line: 1, character).Answer.WaitAsync(TimeSpan.FromSeconds(30));
        return (string?)arrival.Message["result"]?["items"]?.AsArray().FirstOrDefault()?["insertText"];
    }

    /// <summary>Processes of the engines that run, as <c>infill status</c> knows them.</summary>
    private static async Task<List<int>> EnginesAsync()
    {
        using var status = Process.Start(new ProcessStartInfo(Places.Server, ["status", "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var json = await status.StandardOutput.ReadToEndAsync();
        await status.WaitForExitAsync();
        return status.ExitCode == 0 ? [.. JsonNode.Parse(json)!.AsArray().Select(static report => (int)report!["processId"]!)] : [];
    }

    private static double ProportionalMegabytes(int process) =>
        double.Parse(
            File.ReadLines($"/proc/{process}/smaps_rollup").First(static line => line.StartsWith("Pss:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024;
}
