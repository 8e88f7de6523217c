using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>Imports about devices. Any thread may call them, but no model may be loaded meanwhile: ggml's list of devices has no lock.</summary>
internal static unsafe partial class LlamaNative
{
    /// <returns>The backend that the library holds; null where it can't be loaded, or is of another release.</returns>
    [LibraryImport("ggml", EntryPoint = "ggml_backend_load", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint BackendLoad(string path);

    [LibraryImport("ggml", EntryPoint = "ggml_backend_dev_get")]
    internal static partial nint Device(nuint index);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_dev_name")]
    internal static partial byte* DeviceName(nint device);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_dev_description")]
    internal static partial byte* DeviceDescription(nint device);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_dev_type")]
    internal static partial GgmlDeviceType DeviceType(nint device);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_dev_memory")]
    internal static partial void DeviceMemory(nint device, nuint* free, nuint* total);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_dev_backend_reg")]
    internal static partial nint DeviceBackend(nint device);

    [LibraryImport("ggml-base", EntryPoint = "ggml_backend_reg_name")]
    internal static partial byte* BackendName(nint backend);
}

/// <summary><c>ggml_backend_dev_type</c>.</summary>
internal enum GgmlDeviceType
{
    Cpu = 0,

    /// <summary>With memory of its own.</summary>
    Gpu = 1,

    /// <summary>Uses the machine's memory.</summary>
    IntegratedGpu = 2,
}
