using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Models;

/// <summary>A model that is known to fill in the middle, and where a hub has it.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="Repository">On the hub, <c>owner/name</c>.</param>
/// <param name="File">In the repository.</param>
/// <param name="Parameters">Weights, in thousand millions.</param>
/// <param name="Quantisation">As llama.cpp calls it.</param>
/// <param name="Template">How it is prompted: a name of the setting <c>template</c>.</param>
/// <param name="Licence">In the maker's words.</param>
public sealed record CatalogModel(string Name, string Repository, string File, double Parameters, string Quantisation, string Template, string Licence)
{
    private const long CacheBytes = 512L << 20; // keys and values of some thousand tokens, and llama.cpp's own buffers

    /// <summary>Of the file; null where it isn't known, then <see cref="Size"/> estimates it.</summary>
    public long? Bytes { get; init; }

    /// <summary>Hexadecimal; null leaves it to the hub to say.</summary>
    public string? Sha256 { get; init; }

    /// <summary>How many programming languages its makers say that it learnt; null where they don't count.</summary>
    public string? Languages { get; init; }

    /// <summary>Of the file in bytes, known or estimated.</summary>
    [JsonIgnore]
    public long Size => Bytes ?? (long)(Parameters * 1e9 * BitsPerWeight / 8);

    /// <summary>Bytes of memory to run it with, about: the weights, a tenth for what else is loaded, and a KV cache.</summary>
    [JsonIgnore]
    public long Memory => (Size * 11 / 10) + CacheBytes;

    /// <summary>Whether what follows the cursor ends its prompt, so that each key computes it again.</summary>
    [JsonIgnore]
    public bool TakesSuffixLast => Template is not ("mellum" or "seed-coder" or "codestral" or "infill");

    private double BitsPerWeight => Quantisation switch { "Q4_K_M" => 4.9, "Q8_0" => 8.5, _ => 16 }; // scales and mixtures included
}

/// <summary>The models that <c>infill model pull</c> knows by name.</summary>
public static class ModelCatalog
{
    /// <summary>In the order of the data file, <c>catalog.json</c>.</summary>
    public static IReadOnlyList<CatalogModel> All { get; } = Read();

    /// <returns>Null where there is none of that name.</returns>
    public static CatalogModel? Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static IReadOnlyList<CatalogModel> Read()
    {
        using var stream = typeof(ModelCatalog).Assembly.GetManifestResourceStream("catalog")!;
        return JsonSerializer.Deserialize(stream, ModelsJsonContext.Default.IReadOnlyListCatalogModel)!;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<CatalogModel>))]
[JsonSerializable(typeof(ModelOrigin))]
[JsonSerializable(typeof(Gpu.GpuCatalog))]
[JsonSerializable(typeof(Pulling.PartialState))]
internal sealed partial class ModelsJsonContext : JsonSerializerContext;
