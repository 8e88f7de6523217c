using System.Text.Json.Serialization;

namespace Infill.Server.Status;

/// <summary>What an engine does at one moment, for people: never any text of theirs. Times in milliseconds.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="ProcessId">Of the engine's process.</param>
/// <param name="Model">Its name.</param>
/// <param name="State">loading, ready or failed.</param>
/// <param name="UptimeSeconds">Since it was started.</param>
/// <param name="Slots">Sequences that the KV cache has room for.</param>
/// <param name="Running">Requests that run.</param>
/// <param name="Waiting">Requests that wait.</param>
/// <param name="Occupancy">Sequences in a step, on average over the latest; null before the first.</param>
/// <param name="CacheCells">KV cells held or promised.</param>
/// <param name="CacheCapacity">KV cells there are.</param>
/// <param name="CacheHits">Share of prompt tokens that came from the cache; null before the first.</param>
/// <param name="TokensPerSecond">Chosen, over the last five seconds.</param>
/// <param name="FirstToken">From submission.</param>
/// <param name="InterToken">Between two tokens.</param>
/// <param name="Finished">Requests that ended, by reason.</param>
/// <param name="Requests">Those that wait or run, the oldest first.</param>
/// <param name="Recent">Those that ended last, the latest first.</param>
/// <param name="Clients">Everybody connected or at work.</param>
internal sealed record StatusReport(
    string Version, int ProcessId, string Model, string State, double UptimeSeconds, int Slots, int Running, int Waiting, double? Occupancy,
    long CacheCells, long CacheCapacity, double? CacheHits, double TokensPerSecond, Percentiles FirstToken, Percentiles InterToken,
    IReadOnlyDictionary<string, long> Finished, IReadOnlyList<LiveEntry> Requests, IReadOnlyList<RecentEntry> Recent, IReadOnlyList<ClientEntry> Clients)
{
    /// <summary>How promptly what is outdone ends.</summary>
    public required StopCounts Stops { get; init; }

    /// <summary>Percent of the model that is there, while it loads; null otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Loaded { get; init; }

    /// <summary>Why the state is failed, for the user; null where it isn't.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }
}

/// <summary>Of the latest values; null before the first.</summary>
internal sealed record Percentiles(double? P50, double? P95);

/// <summary>Since the start: whether what was outdone stopped at once, or was taken over soon, and nothing was given that was outdone.</summary>
/// <param name="Stopped">Generations that an edit or the client ended.</param>
/// <param name="StoppedLate">Generations that were in more than one step after a stop was asked for.</param>
/// <param name="Kept">Generations that an edit agreed with, kept for the next request.</param>
/// <param name="Adopted">Of those, the ones that it took over,</param>
/// <param name="AdoptedLate">after they should have been stopped,</param>
/// <param name="KeptToEnd">that came to their end first,</param>
/// <param name="KeptInVain">and that were stopped as nobody came.</param>
/// <param name="Given">Suggestions that went to an editor.</param>
/// <param name="GivenLate">Of those, the ones for a text that the editor had changed already.</param>
internal sealed record StopCounts(long Stopped, long StoppedLate, long Kept, long Adopted, long AdoptedLate, long KeptToEnd, long KeptInVain, long Given, long GivenLate);

/// <summary>A request that is being worked on; its phase is queued, prefill, decode or stopping.</summary>
internal sealed record LiveEntry(
    long Id, string Client, string Priority, string Phase, int PromptTokens, int CachedTokens, int ComputedTokens, int GeneratedTokens, double AgeMs);

/// <summary>A request that has ended.</summary>
internal sealed record RecentEntry(
    long Id, string Client, string Priority, string Reason, int PromptTokens, int CachedTokens, int GeneratedTokens, double QueuedMs, double PrefillMs, double DecodeMs);

/// <summary>One client: its requests now, and those of it among the recent ones.</summary>
internal sealed record ClientEntry(string Name, int Active, int Recent);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusReport))]
internal sealed partial class StatusJsonContext : JsonSerializerContext;
