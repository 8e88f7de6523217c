using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Server.Settings;

/// <summary>The settings that one source gives: null where it is silent. <c>infill.schema.json</c> documents them.</summary>
public sealed record SettingsLayer
{
    public bool? Enabled { get; init; }

    /// <summary>"auto", "never" or "always".</summary>
    public string? Multiline { get; init; }

    /// <summary>Percent: the least probability of a suggestion's first tokens.</summary>
    public int? Confidence { get; init; }

    public bool? TypingThrough { get; init; }

    public bool? LookAhead { get; init; }

    /// <summary>Whether suggestions come later after several in a row that were read and not used.</summary>
    public bool? BackOff { get; init; }

    /// <summary>Whether it is counted what becomes of suggestions.</summary>
    public bool? Statistics { get; init; }

    /// <summary>By LSP's language identifier.</summary>
    public IReadOnlyDictionary<string, LanguageLayer>? Languages { get; init; }

    public int? MaxTokens { get; init; }

    public int? MaxLines { get; init; }

    public int? PrefixTokens { get; init; }

    public int? SuffixTokens { get; init; }

    public int? TrailingSuffixTokens { get; init; }

    /// <summary>Of other files; 0 for none.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>Milliseconds.</summary>
    public int? PromptBudget { get; init; }

    /// <summary>Whether the word before the cursor is completed from its beginning.</summary>
    public bool? Healing { get; init; }

    /// <summary>Milliseconds.</summary>
    public int? Deadline { get; init; }

    /// <summary>"growing" or "finished"; how partial results are sent.</summary>
    public string? Snapshots { get; init; }

    /// <summary>A GGUF file. The user's own settings only.</summary>
    public string? Model { get; init; }

    /// <summary>Addresses of servers that make the text instead of the local model. The user's own settings only: code goes there.</summary>
    public IReadOnlyList<string>? Endpoints { get; init; }

    /// <summary>A file with their key. The user's own settings only.</summary>
    public string? EndpointKeyFile { get; init; }

    /// <summary>"auto", "llama-server", "openai" or "openai-suffix". The user's own settings only.</summary>
    public string? EndpointDialect { get; init; }

    /// <summary>The model's name there. The user's own settings only.</summary>
    public string? EndpointModel { get; init; }

    /// <summary>Whether the local model makes the text where they don't. The user's own settings only.</summary>
    public bool? EndpointFallback { get; init; }

    /// <summary>Where models are pulled from. The user's own settings only.</summary>
    public string? Hub { get; init; }

    /// <summary>"auto", "off", "cuda", "cuda12" or "vulkan". The user's own settings only: it loads a library.</summary>
    public string? Gpu { get; init; }

    /// <summary>Layers on a GPU at most. The user's own settings only.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>Whether several GPUs share the layers. The user's own settings only.</summary>
    public bool? GpuSplit { get; init; }

    /// <summary>GPUs with a copy of the model each. The user's own settings only.</summary>
    public int? GpuReplicas { get; init; }

    /// <summary>"auto" or a template's name. The user's own settings only, as the model is.</summary>
    public string? Template { get; init; }

    /// <summary>The user's own settings only.</summary>
    public int? Threads { get; init; }

    /// <summary>Requests that run and prefixes that are kept, together. The user's own settings only.</summary>
    public int? Sequences { get; init; }

    /// <summary>Tokens of one of them. The user's own settings only.</summary>
    public int? SequenceTokens { get; init; }

    /// <summary>Whether tokens are guessed ahead. The user's own settings only, as the engine is there before the editor's come.</summary>
    public bool? Speculation { get; init; }

    /// <summary>MiB of weights and KV cache. The user's own settings only.</summary>
    public int? MemoryLimit { get; init; }

    /// <summary>Minutes. The user's own settings only.</summary>
    public int? IdleRelease { get; init; }

    /// <summary>Minutes. The user's own settings only.</summary>
    public int? SharedIdle { get; init; }

    /// <summary>The layer without what only the user's own settings may say: what could run something or read any file.</summary>
    public SettingsLayer WithoutMachineSettings(out bool hadSome)
    {
        var allowed = this with { Model = null, Endpoints = null, EndpointKeyFile = null, EndpointDialect = null, EndpointModel = null, EndpointFallback = null, Hub = null, Gpu = null, GpuLayers = null, GpuSplit = null, GpuReplicas = null, Template = null, Threads = null, Sequences = null, SequenceTokens = null, MemoryLimit = null, IdleRelease = null, Speculation = null, SharedIdle = null };
        hadSome = allowed != this;
        return allowed;
    }
}

/// <summary>What may differ by language: null where the general setting holds.</summary>
public sealed record LanguageLayer
{
    public bool? Enabled { get; init; }

    /// <summary>"auto", "never" or "always".</summary>
    public string? Multiline { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SettingsLayer))]
internal sealed partial class SettingsJsonContext : JsonSerializerContext;
