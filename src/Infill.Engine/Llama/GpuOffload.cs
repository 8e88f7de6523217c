namespace Infill.Engine.Llama;

/// <summary>The GPUs that a model may be put on, and how.</summary>
/// <param name="Devices">At least one.</param>
/// <param name="IsSplit">Whether the layers are divided among all of them; else the one with the most free memory has all.</param>
/// <param name="Layers">Layers at most, the output counted as one; null for as many as fit.</param>
public sealed record GpuOffload(IReadOnlyList<LlamaDevice> Devices, bool IsSplit = true, int? Layers = null)
{
    /// <summary>Kept free beside weights and cache: what is computed in between, and the driver's own.</summary>
    internal const long Reserve = 512L << 20;

    /// <summary>The same with the devices alone that are used: what is free changes with what is put there. Asks the driver.</summary>
    internal GpuOffload Settled() =>
        IsSplit || Devices.Count == 1 ? this : this with { Devices = [Devices.MaxBy(static device => device.ReadMemory().Free)!] };

    /// <summary>Bytes for weights and cache. Asks the driver.</summary>
    internal long ReadFreeBytes() => Devices.Sum(static device => Math.Max(device.ReadMemory().Free - Reserve, 0));
}
