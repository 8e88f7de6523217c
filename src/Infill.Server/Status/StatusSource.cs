using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Server.Handlers;

namespace Infill.Server.Status;

/// <summary>Makes reports of an engine: for the live page, <c>infill status</c> and scrapers. Any thread; it holds up nobody.</summary>
/// <param name="current">The engine, which may be another one each time.</param>
/// <param name="modelName">What its model is called until it says so itself.</param>
/// <param name="time">The clock.</param>
internal sealed class StatusSource(Func<CompletionEngine> current, Func<string> modelName, TimeProvider time) : IDisposable
{
    private readonly long _began = time.GetTimestamp();

    public CompletionEngine Engine => current();

    public EngineStatistics Statistics { get; } = new(time);

    /// <summary>Names of the clients that are connected, whether they ask for anything or not.</summary>
    public Func<IReadOnlyList<string>> Connected { get; set; } = static () => [];

    /// <summary>Of the engine's model.</summary>
    public LoadProgress Loading { get; init; } = new();

    /// <summary>loading, ready or failed.</summary>
    public string State => StateOf(Engine);

    public StatusReport Report()
    {
        var engine = Engine;
        var live = engine.Snapshot().Where(static request => request.State != SequenceState.Finished).ToList();
        var recent = engine.RecentlyFinished();
        var state = StateOf(engine);
        var firstToken = Statistics.Values("gen_ai.server.time_to_first_token");
        var interToken = Statistics.Values("infill.inter_token");
        var prompt = Statistics.Total("infill.tokens.prompt");
        return new StatusReport(
            LifecycleHandler.Version,
            Environment.ProcessId,
            engine.Vocabulary?.ModelName is { Length: > 0 } name ? name : modelName(),
            state,
            time.GetElapsedTime(_began).TotalSeconds,
            engine.MaxSequences,
            live.Count(static request => request.State == SequenceState.Running),
            live.Count(static request => request.State == SequenceState.Waiting),
            Statistics.Values("infill.batch.occupancy").Mean(),
            (long)Statistics.Gauge("infill.cache.cells"),
            (long)engine.MaxSequences * engine.MaxSequenceTokens,
            prompt > 0 ? Statistics.Total("infill.tokens.cached") / prompt : null,
            Statistics.Tokens.PerSecond,
            new Percentiles(1000 * firstToken.Percentile(0.5), 1000 * firstToken.Percentile(0.95)),
            new Percentiles(interToken.Percentile(0.5), interToken.Percentile(0.95)),
            Statistics.Finished,
            [.. live.Select(Entry)],
            [.. recent.Select(Entry)],
            Clients(live, recent))
        {
            Stops = Stops(),
            Loaded = state == "loading" ? Loading.Percent : null,
            Problem = engine.Ready.Exception?.InnerException?.Message,
        };
    }

    public void Dispose() => Statistics.Dispose();

    private static string StateOf(CompletionEngine engine) => engine.Ready switch
    {
        { IsCompletedSuccessfully: true } => "ready",
        { IsCompleted: true } => "failed",
        _ => "loading",
    };

    private StopCounts Stops()
    {
        return new StopCounts(
            Statistics.Finished.GetValueOrDefault(nameof(FinishReason.Superseded)) + Statistics.Finished.GetValueOrDefault(nameof(FinishReason.Cancelled)),
            Total("infill.stops.late"), Total("infill.kept"), Total("infill.kept.adopted"), Total("infill.kept.adopted_late"), Total("infill.kept.ended"), Total("infill.kept.wasted"),
            Total("infill.given"), Total("infill.given.late"));

        long Total(string counter) => (long)Statistics.Total(counter);
    }

    private List<ClientEntry> Clients(List<RequestSnapshot> live, IReadOnlyList<FinishedRequest> recent) =>
    [
        .. Connected().Concat(live.Select(static request => request.Client)).Concat(recent.Select(static request => request.Client)).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Select(client => new ClientEntry(
                client,
                live.Count(request => request.Client == client),
                recent.Count(request => request.Client == client))),
    ];

    private static LiveEntry Entry(RequestSnapshot request) => new(
        request.Id,
        request.Client,
        request.Priority.ToString(),
        request.IsStopping ? "stopping" : request.State == SequenceState.Waiting ? "queued" : request.GeneratedTokens == 0 ? "prefill" : "decode",
        request.PromptTokens, request.CachedTokens, request.ComputedTokens, request.GeneratedTokens, request.Age.TotalMilliseconds);

    private static RecentEntry Entry(FinishedRequest request) => new(
        request.Id, request.Client, request.Priority.ToString(), request.Finish.ToString(),
        request.Usage.PromptTokens, request.Usage.CachedTokens, request.Usage.GeneratedTokens,
        request.Usage.Queued.TotalMilliseconds, request.Usage.Prefill.TotalMilliseconds, request.Usage.Decode.TotalMilliseconds);
}
