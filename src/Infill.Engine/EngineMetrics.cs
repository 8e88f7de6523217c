using System.Diagnostics.Metrics;

namespace Infill.Engine;

/// <summary>The engine's instruments, on the meter <c>Infill.Engine</c>. Durations in milliseconds.</summary>
internal sealed class EngineMetrics : IDisposable
{
    private readonly Meter _meter = new("Infill.Engine");

    public EngineMetrics(Func<int> queueDepth, Func<int> running, Func<int> cells)
    {
        TimeToFirstToken = _meter.CreateHistogram<double>("infill.ttft", "ms", "From submission to the first token.");
        InterToken = _meter.CreateHistogram<double>("infill.inter_token", "ms", "Between two tokens of one generation.");
        StepTime = _meter.CreateHistogram<double>("infill.step", "ms", "One model call.");
        Occupancy = _meter.CreateHistogram<int>("infill.batch.occupancy", "{sequence}", "Sequences in a step.");
        PromptTokens = _meter.CreateCounter<long>("infill.tokens.prompt", "{token}", "Prompt tokens asked for.");
        CachedTokens = _meter.CreateCounter<long>("infill.tokens.cached", "{token}", "Of those, found in the prefix cache.");
        GeneratedTokens = _meter.CreateCounter<long>("infill.tokens.generated", "{token}", "Tokens chosen.");
        DraftedTokens = _meter.CreateCounter<long>("infill.tokens.drafted", "{token}", "Tokens guessed and computed ahead.");
        AcceptedTokens = _meter.CreateCounter<long>("infill.tokens.accepted", "{token}", "Of those, the ones that proved right and were kept.");
        WastedTokens = _meter.CreateCounter<long>("infill.tokens.wasted", "{token}", "Tokens computed after a stop was asked for.");
        Finished = _meter.CreateCounter<long>("infill.finished", "{request}", "Generations ended, by reason.");
        ContextsLost = _meter.CreateCounter<long>("infill.contexts.lost", "{context}", "Contexts given up because a step failed, overran or hung.");
        _meter.CreateObservableGauge("infill.queue.depth", queueDepth, "{request}", "Requests waiting.");
        _meter.CreateObservableGauge("infill.running", running, "{request}", "Requests running.");
        _meter.CreateObservableGauge("infill.cache.cells", cells, "{token}", "KV cells held or promised.");
    }

    public Histogram<double> TimeToFirstToken { get; }
    public Histogram<double> InterToken { get; }
    public Histogram<double> StepTime { get; }
    public Histogram<int> Occupancy { get; }
    public Counter<long> PromptTokens { get; }
    public Counter<long> CachedTokens { get; }
    public Counter<long> GeneratedTokens { get; }
    public Counter<long> DraftedTokens { get; }
    public Counter<long> AcceptedTokens { get; }
    public Counter<long> WastedTokens { get; }
    public Counter<long> Finished { get; }
    public Counter<long> ContextsLost { get; }

    public void Dispose() => _meter.Dispose();
}
