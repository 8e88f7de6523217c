using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Infill.Server.Gpu;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Gpu;

/// <summary>A GPU is tried while the processor suggests; if it computes, the model moves there without a restart.</summary>
public sealed class BackgroundProbeTests : IDisposable
{
    private const string ShowsProgress = """{"capabilities":{"textDocument":{"inlineCompletion":{}},"window":{"workDoneProgress":true}}}""";

    private readonly GpuBench _bench = new();
    private readonly List<string?> _loads = []; // which library was decided on at each load of the model

    [Fact]
    public async Task The_processor_suggests_meanwhile_and_then_the_model_is_loaded_on_the_GPU()
    {
        var compiled = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        _bench.Install("cuda", GpuBench.Aborting);
        _bench.Install("cuda12", $"{GpuBench.Saying("true", """{"stage":"Begun"}""", $$"""{"stage":"Loaded","devices":[{{GpuBench.Device}}]}""", """{"stage":"Placed"}""")}\nuntil test -e {compiled}; do sleep 0.02; done\n{GpuBench.Working()}");
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        await editor.ReceiveAsync("$/progress", static each => Says(each, "CUDA 12: compiling GPU kernels, once"));

        Assert.Contains("items", (await editor.InlineAsync(0, 4)).GetRawText(), StringComparison.Ordinal);
        Assert.Equal([null], _loads);

        await File.WriteAllTextAsync(compiled, "");
        await editor.ReceiveAsync("$/progress", static each => Says(each, "CUDA 12 computes"));
        var ready = 0;
        await editor.ReceiveAsync("$/progress", each => Says(each, "model ") && each.GetProperty("value").GetProperty("kind").ValueEquals("end") && ++ready == 2);
        Assert.Equal([null, "cuda12"], _loads);
        Assert.Contains("items", (await editor.InlineAsync(0, 4)).GetRawText(), StringComparison.Ordinal);
        File.Delete(compiled);
    }

    [Fact]
    public async Task Where_no_GPU_computes_the_model_stays_where_it_is_and_one_line_says_why()
    {
        _bench.Install("cuda", GpuBench.Aborting);
        await using var editor = await StartAsync();

        await editor.ReceiveAsync("window/logMessage", static each =>
            each.GetProperty("message").GetString()!.Contains("What computes: the processor; CUDA 13: the trial's process was ended by SIGABRT in its first steps", StringComparison.Ordinal));

        Assert.Equal([null], _loads);
    }

    [Fact]
    public async Task It_is_stopped_where_its_progress_is_shown()
    {
        _bench.Install("cuda", GpuBench.Saying("exec sleep 1000", """{"stage":"Begun"}"""));
        await using var editor = await StartAsync();
        var begun = await editor.ReceiveAsync("$/progress", static each => IsWork(each) && Says(each, "CUDA 13: trying it"));

        await editor.NotifyAsync("window/workDoneProgress/cancel", $$"""{"token":{{begun.GetProperty("token").GetRawText()}} }""");

        await editor.ReceiveAsync("$/progress", static each => Says(each, "stopped; the processor computes"));
        Assert.Equal([null], _loads);
    }

    [Fact]
    public async Task The_end_of_the_conversation_ends_the_trial()
    {
        using var number = new TemporaryFile([]);
        _bench.Install("cuda", $"echo $$ >{number.Path}\n{GpuBench.Saying("exec sleep 1000", """{"stage":"Begun"}""")}");
        await using var editor = await StartAsync();
        await editor.ReceiveAsync("$/progress", static each => Says(each, "CUDA 13: trying it"));
        using var trial = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(number.Path), CultureInfo.InvariantCulture));

        await editor.HangUpAsync();

        await trial.WaitForExitAsync().WaitAsync(TestEditor.Limit);
    }

    [Fact]
    public async Task An_engine_that_many_use_is_left_as_it_is_until_the_next_start()
    {
        _bench.Install("cuda", GpuBench.Working());
        var log = new ListLogger();

        await new BackgroundProbe(_bench.Selection(), static () => "auto", log).RunAsync(show: null, use: null, CancellationToken.None);

        Assert.Contains(log.Entries, static entry => entry.Text == "What computes: CUDA 13 on NVIDIA H100, 85.0 GB, 10 ms for what takes the processor 60 ms, from the next start.");
        Assert.NotNull(_bench.Selection().Decide("auto").Plugin);
    }

    [Fact]
    public async Task What_is_known_is_not_tried_again()
    {
        _bench.Install("cuda", GpuBench.Working());
        await _bench.Selection().DecideByTryingAsync("auto", static (_, _) => { }, CancellationToken.None);
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");

        await editor.InlineAsync(0, 4);

        Assert.Equal(["cuda"], _bench.Tried);
        Assert.Equal(["cuda"], _loads);
    }

    public void Dispose() => _bench.Dispose();

    private static bool IsWork(JsonElement progress) => progress.GetProperty("token").GetString()!.StartsWith("infill.work", StringComparison.Ordinal);

    private static bool Says(JsonElement progress, string text) =>
        progress.GetProperty("value") is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty("message", out var message) && message.GetString()!.StartsWith(text, StringComparison.Ordinal);

    private Task<TestEditor> StartAsync() => TestEditor.StartAsync(
        () =>
        {
            _loads.Add(_bench.Selection().Decide("auto").Chosen?.Library.Name);
            return new ScriptedWeights(new ScriptedModel());
        },
        ShowsProgress,
        new EditorOptions { Gpu = _bench.Selection(), OwnLayers = [new SettingsLayer { Gpu = "auto" }] });
}
