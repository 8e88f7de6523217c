namespace Infill.Engine.Llama;

/// <summary>The GPUs that a model may be put on, and how.</summary>
/// <param name="Devices">At least one.</param>
/// <param name="IsSplit">Whether the layers are divided among all of them; else the one with the most free memory has all.</param>
/// <param name="Layers">Layers at most, the output counted as one; null for as many as fit.</param>
public sealed record GpuOffload(IReadOnlyList<LlamaDevice> Devices, bool IsSplit = true, int? Layers = null)
{
    /// <summary>Kept free beside weights and cache: what is computed in between, and the driver's own.</summary>
    internal const long Reserve = 512L << 20;

    /// <summary>Bytes for weights and cache on the devices that are used. Asks the driver.</summary>
    internal long ReadFreeBytes() => Used().Sum(static device => Math.Max(device.ReadMemory().Free - Reserve, 0));

    /// <summary>The devices that the layers go to.</summary>
    internal IReadOnlyList<LlamaDevice> Used() =>
        IsSplit || Devices.Count == 1 ? Devices : [Devices.MaxBy(static device => device.ReadMemory().Free)!];
}
