using System.Globalization;
using System.Runtime.InteropServices;

namespace Infill.Server.Gpu;

/// <summary>What of a machine decides whether a GPU library works on it, without asking a driver.</summary>
/// <param name="Driver">NVIDIA's, such as <c>580.95.05</c>; empty where there is none.</param>
/// <param name="Devices">Drivers, GPUs and the variables that choose among them, in one line: another line, another machine.</param>
/// <param name="Libraries">What the loader can find, in one line: where it has changed, what failed may work.</param>
internal sealed record GpuMachine(string Driver, string Devices, string Libraries)
{
    /// <summary>What comes with NVIDIA's driver, and the way to all Vulkan drivers.</summary>
    public const string CudaDriver = "libcuda.so.1", VulkanLoader = "libvulkan.so.1";

    private static readonly string[] s_deviceVariables = ["CUDA_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "VK_ICD_FILENAMES", "VK_DRIVER_FILES"];
    private static readonly string[] s_libraryVariables = ["LD_LIBRARY_PATH", "CUDA_PATH", "CUDA_HOME", "VIRTUAL_ENV"];

    public static GpuMachine Current => Read("/", Environment.GetEnvironmentVariable);

    /// <param name="root">Of the file system.</param>
    /// <param name="variable">The environment.</param>
    internal static GpuMachine Read(string root, Func<string, string?> variable)
    {
        var driver = Text(Path.Combine(root, "sys/module/nvidia/version"));
        var pci = Entries(Path.Combine(root, "sys/bus/pci/devices"))
            .Where(static device => Text(Path.Combine(device, "class")).StartsWith("0x03", StringComparison.Ordinal)) // displays and 3D controllers
            .Select(static device => $"{Path.GetFileName(device)} {Text(Path.Combine(device, "vendor"))}:{Text(Path.Combine(device, "device"))}");
        var vulkan = Entries(Path.Combine(root, "usr/share/vulkan/icd.d")).Concat(Entries(Path.Combine(root, "etc/vulkan/icd.d"))).Select(Stamp);
        var devices = pci.Concat(vulkan)
            .Prepend(Text(Path.Combine(root, "sys/module/amdgpu/version")))
            .Prepend(Stamp(Path.Combine(root, "usr/lib/wsl/lib/libcuda.so.1"))) // Windows' driver, as WSL has it
            .Prepend(driver)
            .Concat(s_deviceVariables.Select(name => $"{name}={variable(name)}"));
        var libraries = s_libraryVariables.Select(name => $"{name}={variable(name)}")
            .Append(Stamp(Path.Combine(root, "etc/ld.so.cache"))) // written anew by every package that brings a library
            .Append(Stamp(Path.Combine(root, "usr/local/cuda")));
        return new GpuMachine(driver, string.Join('|', devices), string.Join('|', libraries));
    }

    /// <summary>The libraries that fit, most wanted first, by what the loader finds; none where there is no sign of a GPU.</summary>
    /// <param name="canLoad">Whether a library of that name is there.</param>
    internal static IReadOnlyList<string> Wanted(Func<string, bool> canLoad) =>
        canLoad(CudaDriver) ? ["cuda", "cuda12"] : canLoad(VulkanLoader) ? ["vulkan"] : [];

    public static bool CanLoad(string name)
    {
        if (!NativeLibrary.TryLoad(name, out var handle)) return false;
        NativeLibrary.Free(handle);
        return true;
    }

    private static string Stamp(string path) => File.Exists(path) || Directory.Exists(path)
        ? string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} {File.GetLastWriteTimeUtc(path).Ticks}")
        : "";

    private static string[] Entries(string folder)
    {
        try
        {
            var entries = Directory.GetFileSystemEntries(folder);
            Array.Sort(entries, StringComparer.Ordinal);
            return entries;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
