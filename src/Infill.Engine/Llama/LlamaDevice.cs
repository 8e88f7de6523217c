using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>Memory of a device, in bytes, at one moment.</summary>
/// <param name="Free">Of what all processes may take.</param>
/// <param name="Total">Of the device; where it is integrated, what it may take of the machine's.</param>
public readonly record struct DeviceMemory(long Free, long Total);

/// <summary>A GPU that models may be put on. Any thread may read it.</summary>
/// <param name="Name">ggml's, such as <c>CUDA0</c>.</param>
/// <param name="Description">The maker's, such as <c>NVIDIA H100 80GB HBM3</c>.</param>
/// <param name="IsIntegrated">Whether its memory is the machine's.</param>
public sealed record LlamaDevice(string Name, string Description, bool IsIntegrated)
{
    /// <summary><c>ggml_backend_dev_t</c>; lives as long as the process.</summary>
    internal nint Handle { get; private init; }

    /// <summary>Asks the driver. The first time in a process it may take the better part of a second, and some of the device's memory.</summary>
    public unsafe DeviceMemory ReadMemory()
    {
        nuint free, total;
        LlamaNative.DeviceMemory(Handle, &free, &total);
        return new DeviceMemory((long)free, (long)total);
    }

    /// <summary>All that are there, in ggml's order.</summary>
    internal static unsafe IReadOnlyList<LlamaDevice> All()
    {
        var devices = new List<LlamaDevice>();
        for (nuint i = 0; i < LlamaNative.DeviceCount(); i++)
        {
            var handle = LlamaNative.Device(i);
            var type = LlamaNative.DeviceType(handle);
            if (type is not (GgmlDeviceType.Gpu or GgmlDeviceType.IntegratedGpu)) continue;
            devices.Add(new LlamaDevice(Text(LlamaNative.DeviceName(handle)), Text(LlamaNative.DeviceDescription(handle)), type == GgmlDeviceType.IntegratedGpu) { Handle = handle });
        }

        return devices;
    }

    /// <summary>The backend that it belongs to, by its name in ggml.</summary>
    internal unsafe GpuBackend Backend => Text(LlamaNative.BackendName(LlamaNative.DeviceBackend(Handle))) switch
    {
        "CUDA" => GpuBackend.Cuda, // which of the two, the library doesn't tell
        "Vulkan" => GpuBackend.Vulkan,
        _ => GpuBackend.Other,
    };

    private static unsafe string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text)?.Trim() ?? "";
}
