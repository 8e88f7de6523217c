namespace Infill.Protocol.JsonRpc;

/// <summary>How much one client may ask of a connection. Sizes are in bytes.</summary>
public sealed record MessageLimits
{
    public static MessageLimits Default { get; } = new();

    /// <summary>The longest header block of one frame.</summary>
    public int HeaderBytes { get; init; } = 8 * 1024;

    /// <summary>The longest body that is read; a longer one is skipped and refused.</summary>
    public int BodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The longest body that is believed. A longer one is taken for a broken header: skipping it would never end.</summary>
    public long SkippableBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>What may wait for a slow client before the connection ends.</summary>
    public long QueuedBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>How long the end of a connection waits for handlers to stop, and again for the last frames to leave.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(2);
}
