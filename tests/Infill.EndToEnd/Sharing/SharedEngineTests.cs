using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Sharing;

/// <summary>Five editors' processes before one engine's, which is killed while all five type.</summary>
public sealed class SharedEngineTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Uri = "file:///work/share.py";
    private const int Editors = 5;
    private const double MostMegabytes = 30;
    private const string Typed = "def add(a, b):\n    return a +\n\nprint(add(1, 2))\n";
    private static readonly TimeSpan MostToFirstSuggestion = TimeSpan.FromMilliseconds(300);
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
        var busy = Machine.Busy();
        var texts = new List<string?>();
        for (var number = 0; number < Editors; number++) texts.Add((await OpenAsync()).Text);
        Assert.All(texts, text => Assert.Equal(texts[0], text));
        var engine = Assert.Single(await EnginesAsync());
        foreach (var editor in _editors.Skip(1))
        {
            var megabytes = ProportionalMegabytes(editor.ProcessId);
            output.WriteLine($"an editor's process: {megabytes:F1} MB");
            Assert.True(megabytes <= MostMegabytes, $"An editor's process takes {megabytes:F1} MB.");
        }

        var further = new List<TimeSpan>();
        for (var number = 0; number < 3; number++) further.Add((await OpenAsync()).FirstSuggestion);
        foreach (var editor in _editors.Skip(Editors)) editor.Dispose();
        _editors.RemoveRange(Editors, further.Count);
        output.WriteLine($"a further editor's first suggestion after {further.Min().TotalMilliseconds:F0} ms{busy}");
        Assert.True(busy is not null || further.Min() <= MostToFirstSuggestion, $"A further editor's first suggestion took {further.Min()} from its start.");

        foreach (var editor in _editors) editor.Insert(Uri, version: 2, line: 1, character: 11, "a");
        var onTheWay = _editors.ConvertAll(static editor => editor.Complete(Uri, line: 1, character: 12).Answer);
        using (var process = Process.GetProcessById(engine)) process.Kill(); // SIGKILL
        var killedAt = Stopwatch.GetTimestamp();
        foreach (var editor in _editors) editor.Insert(Uri, version: 3, line: 1, character: 12, " +");
        var after = await Task.WhenAll(_editors.Select(static editor => AskAsync(editor, character: 14)));

        var took = Stopwatch.GetElapsedTime(killedAt);
        output.WriteLine($"all {Editors} have a suggestion {took.TotalMilliseconds:F0} ms after the engine was killed");
        Assert.True(took <= MostAfterKill, $"It took {took}.");
        Assert.All(after, text => Assert.False(string.IsNullOrEmpty(text)));
        foreach (var editor in _editors) Assert.Equal(Hash(Typed), Hash(await DocumentAsync(editor, character: 14)));
        await Task.WhenAll(onTheWay).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.NotEqual(engine, Assert.Single(await EnginesAsync()));
        Assert.All(_editors, static editor => Assert.Equal(0, editor.StrayAnswers)); // nothing answered twice
    }

    [Fact]
    public async Task Where_an_engine_cannot_be_shared_the_editor_has_one_of_its_own()
    {
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", Path.Combine(_folder, new string('x', 100))); // too long for a socket's name

        var (text, _) = await OpenAsync();

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

    /// <summary>Starts an editor and asks for a suggestion.</summary>
    private async Task<(string? Text, TimeSpan FirstSuggestion)> OpenAsync()
    {
        var editor = new LspProcess(Places.Server, "lsp", "--shared");
        _editors.Add(editor);
        var initialized = Stopwatch.GetElapsedTime(editor.StartedAt, await editor.InitializeAsync(isGrowing: false));
        editor.Open(Uri, "def add(a, b):\n    return \n\nprint(add(1, 2))\n");
        var text = await AskAsync(editor, character: 11);
        var firstSuggestion = Stopwatch.GetElapsedTime(editor.StartedAt);
        output.WriteLine($"initialize answered after {initialized.TotalMilliseconds:F0} ms, first suggestion after {firstSuggestion.TotalMilliseconds:F0} ms");
        return (text, firstSuggestion);
    }

    /// <summary>A document as the engine's process has it, by what a prompt at that place is made of.</summary>
    private static async Task<string> DocumentAsync(LspProcess editor, int character)
    {
        var place = new JsonObject { ["textDocument"] = new JsonObject { ["uri"] = Uri }, ["position"] = new JsonObject { ["line"] = 1, ["character"] = character } };
        var arrival = await editor.Request("infill/explain", place).Answer.WaitAsync(TimeSpan.FromSeconds(30));
        return string.Concat(arrival.Message["result"]!["parts"]!.AsArray().Select(static part => (string)part!["text"]!));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

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
