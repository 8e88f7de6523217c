namespace Infill.Engine;

/// <summary>How much of the engine one client, or work done in advance, may take from the others.</summary>
public sealed record QuotaOptions
{
    /// <summary>Requests of one client that run at once, even if nobody else wants the places; null for no such limit.</summary>
    /// <remarks>Where others wait with work as urgent, a client never gets more than its fair share, whatever is set here.</remarks>
    public int? RunningPerClient { get; init; }

    /// <summary>Look-ahead requests that run at once; null for half of the places, so that one is always near for who types.</summary>
    public int? RunningLookAhead { get; init; }

    /// <summary>Requests of one client that may wait.</summary>
    public int WaitingPerClient { get; init; } = 32;

    /// <summary>Look-ahead requests that may wait.</summary>
    public int WaitingLookAhead { get; init; } = 16;
}
