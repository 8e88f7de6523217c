using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Server.Settings;

/// <summary>The settings that one source gives: null where it is silent. <c>infill.schema.json</c> documents them.</summary>
public sealed record SettingsLayer
{
    public bool? Enabled { get; init; }

    /// <summary>"auto", "line" or "block".</summary>
    public string? Mode { get; init; }

    public int? MaxTokens { get; init; }

    public int? MaxLines { get; init; }

    public int? PrefixTokens { get; init; }

    public int? SuffixTokens { get; init; }

    /// <summary>Milliseconds.</summary>
    public int? Deadline { get; init; }

    /// <summary>"growing" or "finished"; how partial results are sent.</summary>
    public string? Snapshots { get; init; }

    /// <summary>A GGUF file. The user's own settings only.</summary>
    public string? Model { get; init; }

    /// <summary>The user's own settings only.</summary>
    public int? Threads { get; init; }

    /// <summary>Tokens in the KV cache. The user's own settings only.</summary>
    public int? ContextCells { get; init; }

    /// <summary>The layer without what only the user's own settings may say: what could run something or read any file.</summary>
    public SettingsLayer WithoutMachineSettings(out bool hadSome)
    {
        hadSome = Model is not null || Threads is not null || ContextCells is not null;
        return hadSome ? this with { Model = null, Threads = null, ContextCells = null } : this;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SettingsLayer))]
internal sealed partial class SettingsJsonContext : JsonSerializerContext;
