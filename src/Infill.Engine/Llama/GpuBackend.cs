namespace Infill.Engine.Llama;

/// <summary>What computes beside the processor.</summary>
public enum GpuBackend
{
    /// <summary>Nothing does.</summary>
    Cpu,

    /// <summary>CUDA 13.</summary>
    Cuda,

    /// <summary>CUDA 12.</summary>
    Cuda12,
    Vulkan,

    /// <summary>Another of ggml's, from a folder that the user named.</summary>
    Other,
}

/// <summary>A library that holds one backend of ggml, of the release that is pinned.</summary>
/// <param name="Backend">What it holds.</param>
/// <param name="Path">Its file, in full. Loading one that doesn't suit the machine may end the process: it has proved itself in another.</param>
public sealed record GpuPlugin(GpuBackend Backend, string Path);
