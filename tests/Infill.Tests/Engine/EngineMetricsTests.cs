using System.Diagnostics.Metrics;
using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>What is measured bears the names that OpenTelemetry's conventions give it, in their units.</summary>
public sealed class EngineMetricsTests : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, double Value, string? Model, string? Error)> _measured = []; // guarded by itself

    public EngineMetricsTests()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name.StartsWith("gen_ai.server.", StringComparison.Ordinal)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Assert.Equal("s", instrument.Unit);
            lock (_measured) _measured.Add((instrument.Name, value, Tag(tags, "gen_ai.request.model"), Tag(tags, "error.type")));
        });
        _listener.Start();
    }

    [Fact]
    public async Task A_request_is_measured_in_seconds_to_its_first_token_between_tokens_and_as_a_whole()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Vocabulary = new ByteVocabulary { ModelName = "measured" } });
        var gates = Enumerable.Range(1, 3).Select(bench.Model.HoldStep).ToList();
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 3 });
        foreach (var (gate, seconds) in gates.Zip([4, 1, 2]))
        {
            await gate.Reached;
            bench.Time.Advance(TimeSpan.FromSeconds(seconds));
            gate.Open();
        }

        await running;

        Assert.Equal(
            [
                ("gen_ai.server.request.duration", 7, "measured", null),
                ("gen_ai.server.time_per_output_token", 1.5, "measured", null),
                ("gen_ai.server.time_to_first_token", 4, "measured", null),
            ],
            Measured("measured").Order());
    }

    [Fact]
    public async Task A_request_that_failed_says_so_and_counts_for_no_pace()
    {
        var model = new ScriptedModel { Vocabulary = new ByteVocabulary { ModelName = "failing" }, BeforeStep = static step => step > 1 ? throw new EngineException("the backend stumbled") : null };
        await using var bench = await EngineBench.StartAsync(model);

        await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));

        Assert.Equal([("gen_ai.server.request.duration", "Faulted")], Measured("failing").Where(static each => !each.Name.EndsWith("first_token", StringComparison.Ordinal)).Select(static each => (each.Name, each.Error!)));
    }

    public void Dispose() => _listener.Dispose();

    private static string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (key, value) in tags)
        {
            if (key == name) return (string?)value;
        }

        return null;
    }

    /// <summary>Other tests' engines are heard too: those of this one are told by their model's name.</summary>
    private List<(string Name, double Value, string? Model, string? Error)> Measured(string model)
    {
        lock (_measured) return [.. _measured.Where(each => each.Model == model)];
    }
}
