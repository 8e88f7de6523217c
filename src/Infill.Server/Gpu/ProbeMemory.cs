using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Models.Gpu;

namespace Infill.Server.Gpu;

/// <summary>What came of trying a library, and on what.</summary>
/// <param name="File">The library: its place, size and time.</param>
/// <param name="Devices">As <see cref="GpuMachine.Devices"/>.</param>
/// <param name="Libraries">As <see cref="GpuMachine.Libraries"/>.</param>
/// <param name="Result">What came of it.</param>
internal sealed record RememberedProbe(string File, string Devices, string Libraries, ProbeResult Result);

/// <summary>Remembers what came of trying each library, in a small file for each. Any thread, any process.</summary>
/// <param name="folder">Made when the first is remembered. What can't be read or written there is tried again.</param>
internal sealed class ProbeMemory(string folder)
{
    /// <returns>Null where it was never tried, or not as things are now.</returns>
    public ProbeResult? Find(InstalledGpuLibrary installed, GpuMachine machine)
    {
        try
        {
            var known = JsonSerializer.Deserialize(File.ReadAllText(FileOf(installed)), ProbeJsonContext.Default.RememberedProbe);
            if (known?.Result is not { Reason: not null, Devices: not null } result || known.File != Identity(installed) || known.Devices != machine.Devices) return null;
            return result.Works || known.Libraries == machine.Libraries ? result : null; // what was missing may have come
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Remember(InstalledGpuLibrary installed, GpuMachine machine, ProbeResult result)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var aside = $"{FileOf(installed)}.{Environment.ProcessId}.new";
            File.WriteAllText(aside, JsonSerializer.Serialize(new RememberedProbe(Identity(installed), machine.Devices, machine.Libraries, result), ProbeJsonContext.Default.RememberedProbe));
            File.Move(aside, FileOf(installed), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is tried again at the next start.
        }
    }

    private string FileOf(InstalledGpuLibrary installed) => Path.Combine(folder, installed.Library.Name + ".json");

    private static string Identity(InstalledGpuLibrary installed) =>
        string.Create(CultureInfo.InvariantCulture, $"{installed.Path} {installed.Bytes} {installed.Written.Ticks}");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RememberedProbe))]
internal sealed partial class ProbeJsonContext : JsonSerializerContext;
