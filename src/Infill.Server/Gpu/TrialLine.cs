using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Engine.Llama;

namespace Infill.Server.Gpu;

/// <summary>How far a trial is: each stage's end is the next one's beginning.</summary>
internal enum TrialStage
{
    /// <summary>The process runs, and loads the library.</summary>
    Begun,

    /// <summary>The library is there and names its devices; the embedded model is put on them.</summary>
    Loaded,

    /// <summary>The first steps are computed, for which kernels may have to be compiled.</summary>
    Placed,

    /// <summary>They were; the processor judges.</summary>
    Computed,

    /// <summary>All went well.</summary>
    Done,

    /// <summary>It can't be used; the line says why.</summary>
    Failed,

    /// <summary>No stage: what native code logged as an error, in case that it ends the process next.</summary>
    Said,
}

/// <summary>A device, as the trial found it; memory in bytes.</summary>
internal sealed record TrialDevice(string Name, string Description, bool IsIntegrated, long Free, long Total)
{
    public static TrialDevice Of(LlamaDevice device)
    {
        var memory = device.ReadMemory();
        return new TrialDevice(device.Name, device.Description, device.IsIntegrated, memory.Free, memory.Total);
    }
}

/// <summary>What the process that tries a library says to the one that started it: a line of JSON on its standard output.</summary>
internal sealed record TrialLine(TrialStage Stage)
{
    public string? Reason { get; init; }

    public IReadOnlyList<TrialDevice>? Devices { get; init; }

    /// <summary>Of a suggestion's work on the devices, and on the processor; with <see cref="TrialStage.Done"/>.</summary>
    public double? DeviceMs { get; init; }

    public double? ProcessorMs { get; init; }

    /// <returns>Null where the line is something else: libraries may print too.</returns>
    public static TrialLine? Read(string line)
    {
        if (!line.StartsWith('{')) return null;
        try
        {
            return JsonSerializer.Deserialize(line, TrialJsonContext.Default.TrialLine) is { } said && Enum.IsDefined(said.Stage) ? said : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public override string ToString() => JsonSerializer.Serialize(this, TrialJsonContext.Default.TrialLine);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TrialLine))]
internal sealed partial class TrialJsonContext : JsonSerializerContext;
