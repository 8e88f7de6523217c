using System.Globalization;

namespace Infill.Engine;

/// <summary>What this machine, or the container around the process, has to give.</summary>
internal static class MachineMemory
{
    /// <summary>Bytes that could be taken now without swapping, as far as the system tells; an upper bound where it doesn't.</summary>
    public static long AvailableBytes
    {
        get
        {
            var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes; // knows of a container's limit
            return Math.Min(total, FromKernel("/proc/meminfo") ?? total);
        }
    }

    private static long? FromKernel(string path)
    {
        const string Name = "MemAvailable:";
        if (!File.Exists(path)) return null;
        foreach (var line in File.ReadLines(path))
        {
            if (!line.StartsWith(Name, StringComparison.Ordinal)) continue;
            var kibibytes = line.AsSpan(Name.Length).Trim().TrimEnd("kB");
            return long.TryParse(kibibytes.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value * 1024 : null;
        }

        return null;
    }
}
