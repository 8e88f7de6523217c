using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Tests.Protocol;

/// <summary>What the official LSP packages declare, as Node/types.mjs reads it from them.</summary>
internal sealed record OfficialTypes(
    Dictionary<string, Dictionary<string, OfficialProperty>> Types,
    Dictionary<string, Dictionary<string, JsonElement>> Constants)
{
    private static readonly Lazy<OfficialTypes> s_instance = new(Load);

    public static OfficialTypes Instance => s_instance.Value;

    private static OfficialTypes Load()
    {
        var folder = typeof(OfficialTypes).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "NodeFolder").Value!;
        using var node = Process.Start(new ProcessStartInfo("node", "types.mjs") { WorkingDirectory = folder, RedirectStandardOutput = true, UseShellExecute = false })!;
        var json = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        Assert.Equal(0, node.ExitCode);
        return JsonSerializer.Deserialize(json, OfficialJson.Default.OfficialTypes)!;
    }
}

/// <param name="Optional">Whether it may be absent.</param>
/// <param name="Kinds">The alternatives: a primitive's name, a quoted literal, a type's name, <c>any</c>, <c>null</c>; with <c>[]</c> for arrays.</param>
internal sealed record OfficialProperty(bool Optional, IReadOnlyList<string> Kinds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(OfficialTypes))]
internal sealed partial class OfficialJson : JsonSerializerContext;
