using System.Globalization;
using System.Text.Json;
using Infill.Completion.Prompting;

namespace Infill.Server.Settings;

/// <summary>Where settings come from, weakest first: the user's file, <c>INFILL_*</c> variables, the client's two ways, the command line.</summary>
internal static class SettingsSources
{
    public const string VariablePrefix = "INFILL_";

    private static readonly JsonDocumentOptions s_lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary><c>~/.config/infill/config.json</c>, or where <c>XDG_CONFIG_HOME</c> says.</summary>
    public static string UserFile
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
            if (string.IsNullOrEmpty(home)) home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
            return Path.Combine(home, "infill", "config.json");
        }
    }

    /// <summary><c>~/.cache/infill</c>, or where <c>XDG_CACHE_HOME</c> says: for what can be had again.</summary>
    public static string CacheFolder
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(home)) home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(home, "infill");
        }
    }

    /// <summary>What models proved.</summary>
    public static ProofMemory Proofs => new(Path.Combine(CacheFolder, "proofs"));

    /// <summary>The user's own layers, weakest first.</summary>
    public static IReadOnlyList<SettingsLayer?> Own(Action<string> problem) =>
        [FromFile(UserFile, problem), FromEnvironment(Environment.GetEnvironmentVariable, problem)];

    /// <summary>Null where there is no file, or it can't be read: then the problem is told.</summary>
    public static SettingsLayer? FromFile(string path, Action<string> problem)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), s_lenient);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            problem($"The settings file '{path}' is not used: {e.Message}");
            return null;
        }
    }

    /// <summary><c>INFILL_MAX_TOKENS</c> and its like.</summary>
    public static SettingsLayer FromEnvironment(Func<string, string?> variable, Action<string> problem)
    {
        return new SettingsLayer
        {
            Enabled = Switch("ENABLED"),
            Multiline = Text("MULTILINE"),
            Confidence = Number("CONFIDENCE"),
            TypingThrough = Switch("TYPING_THROUGH"),
            LookAhead = Switch("LOOK_AHEAD"),
            BackOff = Switch("BACK_OFF"),
            Statistics = Switch("STATISTICS"),
            MaxTokens = Number("MAX_TOKENS"),
            MaxLines = Number("MAX_LINES"),
            PrefixTokens = Number("PREFIX_TOKENS"),
            SuffixTokens = Number("SUFFIX_TOKENS"),
            TrailingSuffixTokens = Number("TRAILING_SUFFIX_TOKENS"),
            ContextTokens = Number("CONTEXT_TOKENS"),
            PromptBudget = Number("PROMPT_BUDGET"),
            Healing = Switch("HEALING"),
            Deadline = Number("DEADLINE"),
            Snapshots = Text("SNAPSHOTS"),
            Model = Text("MODEL"),
            Endpoints = Text("ENDPOINTS")?.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
            EndpointKeyFile = Text("ENDPOINT_KEY_FILE"),
            EndpointDialect = Text("ENDPOINT_DIALECT"),
            EndpointModel = Text("ENDPOINT_MODEL"),
            EndpointFallback = Switch("ENDPOINT_FALLBACK"),
            Hub = Text("HUB"),
            Gpu = Text("GPU"),
            GpuLayers = Number("GPU_LAYERS"),
            GpuSplit = Switch("GPU_SPLIT"),
            GpuReplicas = Number("GPU_REPLICAS"),
            Template = Text("TEMPLATE"),
            Threads = Number("THREADS"),
            Sequences = Number("SEQUENCES"),
            SequenceTokens = Number("SEQUENCE_TOKENS"),
            MemoryLimit = Number("MEMORY_LIMIT"),
            IdleRelease = Number("IDLE_RELEASE"),
            Speculation = Switch("SPECULATION"),
            SharedIdle = Number("SHARED_IDLE"),
        };

        string? Text(string name) => variable(VariablePrefix + name) is { Length: > 0 } value ? value : null;

        bool? Switch(string name) => Text(name) switch { null => null, "0" or "false" or "off" => false, _ => true };

        int? Number(string name)
        {
            var text = Text(name);
            if (text is null) return null;
            if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)) return number;
            problem($"{VariablePrefix}{name} is '{text}'; it must be a whole number.");
            return null;
        }
    }

    /// <summary>What a client sent, under the key <c>infill</c> or bare. Machine settings in it are refused.</summary>
    /// <returns>Null where there is nothing of ours.</returns>
    public static SettingsLayer? FromClient(JsonElement? sent, Action<string> problem)
    {
        if (sent is not { ValueKind: JsonValueKind.Object } element) return null;
        if (element.TryGetProperty("infill", out var section)) element = section;
        if (element.ValueKind != JsonValueKind.Object) return null;

        try
        {
            if (Read(element) is not { } layer) return null;
            var allowed = layer.WithoutMachineSettings(out var hadSome);
            if (hadSome)
            {
                problem($"model, endpoints and all about them, hub, gpu, gpuLayers, gpuSplit, gpuReplicas, template, threads, sequences, sequenceTokens, memoryLimit, idleRelease, sharedIdle and speculation are the user's own: they are not taken from the editor. Set them in '{UserFile}'.");
            }

            return allowed;
        }
        catch (JsonException e)
        {
            problem($"The client's settings are not used: {e.Message}");
            return null;
        }
    }

    /// <exception cref="JsonException">In words for the user: the serialiser's own name our types.</exception>
    private static SettingsLayer? Read(JsonElement settings)
    {
        if (settings.ValueKind == JsonValueKind.Null) return null;
        if (settings.ValueKind != JsonValueKind.Object) throw new JsonException("they are no JSON object.");
        try
        {
            return settings.Deserialize(SettingsJsonContext.Default.SettingsLayer);
        }
        catch (JsonException e)
        {
            throw new JsonException($"the value of {e.Path?.TrimStart('$', '.')} is of the wrong kind.", e);
        }
    }
}
