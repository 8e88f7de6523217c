using System.Text.Json.Serialization;

namespace Infill.Server.Gpu;

/// <summary>What came of trying a library.</summary>
/// <param name="Works">Whether it computed, and right.</param>
/// <param name="Reason">Why not, or a word about how well; part of a sentence.</param>
/// <param name="Devices">Those it found.</param>
internal sealed record ProbeResult(bool Works, string Reason, IReadOnlyList<TrialDevice> Devices)
{
    /// <summary>What to do about it; null where there is nothing to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>Of a suggestion's work on the devices, and on the processor.</summary>
    public double? DeviceMs { get; init; }

    public double? ProcessorMs { get; init; }

    /// <summary>Whether it is so much slower than the processor that nobody would want it. The embedded model is small: others gain more.</summary>
    [JsonIgnore]
    public bool IsSlow => DeviceMs > 1.5 * ProcessorMs;

    /// <summary>The devices with their memory, for people.</summary>
    [JsonIgnore]
    public string Where => string.Join(" + ", Devices.Select(static device => $"{device.Description}, {device.Total / 1e9:F1} GB"));
}
