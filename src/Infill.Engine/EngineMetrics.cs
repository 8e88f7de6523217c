using System.Diagnostics.Metrics;

namespace Infill.Engine;

/// <summary>The engine's instruments, on the meter <c>Infill.Engine</c>.</summary>
/// <remarks>
/// What OpenTelemetry's conventions for generative AI have a name for bears it, in seconds as they want; the rest is
/// <c>infill.*</c>, durations in milliseconds.
/// </remarks>
internal sealed class EngineMetrics : IDisposable
{
    private readonly Meter _meter;

    public EngineMetrics(Func<int> queueDepth, Func<int> running, Func<int> cells, EngineOptions options)
    {
        // Meters of one name are told apart by their tags.
        _meter = new Meter(new MeterOptions("Infill.Engine") { Tags = options.Replicas == 1 ? null : [new("infill.replica", options.Replica)] });
        RequestDuration = Seconds("gen_ai.server.request.duration", "From submission to the end.", [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);
        TimeToFirstToken = Seconds("gen_ai.server.time_to_first_token", "From submission to the first token.", [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]);
        TimePerOutputToken = Seconds("gen_ai.server.time_per_output_token", "Between two tokens after the first, on average over a generation that was completed.", [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5]);
        InterToken = _meter.CreateHistogram<double>("infill.inter_token", "ms", "Between two tokens of one generation.");
        StepTime = _meter.CreateHistogram<double>("infill.step", "ms", "One model call.");
        Occupancy = _meter.CreateHistogram<int>("infill.batch.occupancy", "{sequence}", "Sequences in a step.");
        PromptTokens = _meter.CreateCounter<long>("infill.tokens.prompt", "{token}", "Prompt tokens asked for.");
        CachedTokens = _meter.CreateCounter<long>("infill.tokens.cached", "{token}", "Of those, found in the prefix cache.");
        GeneratedTokens = _meter.CreateCounter<long>("infill.tokens.generated", "{token}", "Tokens chosen.");
        DraftedTokens = _meter.CreateCounter<long>("infill.tokens.drafted", "{token}", "Tokens guessed and computed ahead.");
        AcceptedTokens = _meter.CreateCounter<long>("infill.tokens.accepted", "{token}", "Of those, the ones that proved right and were kept.");
        WastedTokens = _meter.CreateCounter<long>("infill.tokens.wasted", "{token}", "Tokens computed after a stop was asked for.");
        LateStops = _meter.CreateCounter<long>("infill.stops.late", "{request}", "Generations that were in more than one step after a stop was asked for.");
        PrefillTime = _meter.CreateCounter<double>("infill.time.prefill", "s", "From a request's first step to its first token, over all requests.");
        DecodeTime = _meter.CreateCounter<double>("infill.time.decode", "s", "From a request's first token to its end, over all requests.");
        Finished = _meter.CreateCounter<long>("infill.finished", "{request}", "Generations ended, by reason.");
        ContextsLost = _meter.CreateCounter<long>("infill.contexts.lost", "{context}", "Contexts given up because a step failed, overran or hung.");
        _meter.CreateObservableGauge("infill.queue.depth", queueDepth, "{request}", "Requests waiting.");
        _meter.CreateObservableGauge("infill.running", running, "{request}", "Requests running.");
        _meter.CreateObservableGauge("infill.cache.cells", cells, "{token}", "KV cells held or promised.");
    }

    public Histogram<double> RequestDuration { get; }
    public Histogram<double> TimeToFirstToken { get; }
    public Histogram<double> TimePerOutputToken { get; }
    public Histogram<double> InterToken { get; }
    public Histogram<double> StepTime { get; }
    public Histogram<int> Occupancy { get; }
    public Counter<long> PromptTokens { get; }
    public Counter<long> CachedTokens { get; }
    public Counter<long> GeneratedTokens { get; }
    public Counter<long> DraftedTokens { get; }
    public Counter<long> AcceptedTokens { get; }
    public Counter<long> WastedTokens { get; }
    public Counter<long> LateStops { get; }
    public Counter<double> PrefillTime { get; }
    public Counter<double> DecodeTime { get; }
    public Counter<long> Finished { get; }
    public Counter<long> ContextsLost { get; }

    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string name, string description, double[] boundaries) =>
        _meter.CreateHistogram(name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
