using Infill.Engine.Scheduling;

namespace Infill.Engine;

/// <summary>A request that has ended, why, and what it cost.</summary>
public sealed record FinishedRequest(long Id, string Client, RequestPriority Priority, FinishReason Finish, Usage Usage);

/// <summary>Where one request stands at the moment it was looked at. Figures of one snapshot may be a step apart.</summary>
/// <param name="Id">Grows with every request of an engine.</param>
/// <param name="Client">Whose it is.</param>
/// <param name="Priority">How urgent it was made.</param>
/// <param name="State">Waiting or running; finished, while its reader has not taken the last chunk.</param>
/// <param name="PromptTokens">Length of the prompt.</param>
/// <param name="CachedTokens">Of those, taken from an earlier request's KV cache.</param>
/// <param name="ComputedTokens">Prompt and generated tokens in the KV cache; 0 while it waits.</param>
/// <param name="GeneratedTokens">Tokens chosen so far.</param>
/// <param name="Age">Since it was submitted.</param>
public sealed record RequestSnapshot(
    long Id, string Client, RequestPriority Priority, SequenceState State,
    int PromptTokens, int CachedTokens, int ComputedTokens, int GeneratedTokens, TimeSpan Age)
{
    /// <summary>Somebody has asked for its end: it computes no further step than the one that may run.</summary>
    public bool IsStopping { get; init; }
}
