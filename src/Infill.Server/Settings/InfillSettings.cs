using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Completion.Shaping;
using Infill.Completion.Typing;
using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Models;
using Infill.Server.Gpu;

namespace Infill.Server.Settings;

/// <summary>Settings in force: all layers merged, each value within its bounds.</summary>
public sealed record InfillSettings
{
    private static readonly Dictionary<string, LanguageLayer> s_noLanguages = new(StringComparer.Ordinal); // never written to

    public bool Enabled { get; init; } = true;

    public ShapingOptions Shaping { get; init; } = ShapingOptions.Default;

    public PromptOptions Prompt { get; init; } = PromptOptions.Default;

    /// <summary>What differs by LSP's language identifier.</summary>
    public IReadOnlyDictionary<string, LanguageLayer> Languages { get; init; } = s_noLanguages;

    /// <summary>What may be done besides asking the model.</summary>
    public TypingOptions Typing { get; init; } = new(Cache: true, LookAhead: true);

    /// <summary>Whether suggestions come later after several in a row that were read and not used.</summary>
    public bool BackOff { get; init; } = true;

    /// <summary>Whether it is counted, on this machine alone, what becomes of suggestions.</summary>
    public bool Statistics { get; init; } = true;

    public int MaxTokens { get; init; } = 96;

    /// <summary>After this time an automatic suggestion shows what it has.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether partial results are snapshots of one growing suggestion, rather than finished items.</summary>
    public bool GrowingSnapshots { get; init; }

    public string ModelPath { get; init; } = DefaultModel.Path;

    /// <summary>Servers that make the text instead of the local model; none for that.</summary>
    public IReadOnlyList<Uri> Endpoints { get; init; } = [];

    /// <summary>A file with their key; null for none.</summary>
    public string? EndpointKeyFile { get; init; }

    public RemoteDialect EndpointDialect { get; init; }

    /// <summary>The model's name there; null takes what they have.</summary>
    public string? EndpointModel { get; init; }

    /// <summary>Whether the local model makes the text where none of them does.</summary>
    public bool EndpointFallback { get; init; }

    /// <summary>Where models are pulled from, as the user wrote it; null where nobody says.</summary>
    public string? Hub { get; init; }

    /// <summary>Which GPU library is used: <c>auto</c> for the first that proved itself, <c>off</c>, or a library's name.</summary>
    public string Gpu { get; init; } = GpuChoice.Auto;

    /// <summary>Layers that go onto a GPU at most, the output counted as one; null for as many as fit.</summary>
    public int? GpuLayers { get; init; }

    /// <summary>Whether the layers are divided among all GPUs; else the one with the most free memory has them. Of replicas each has one to itself.</summary>
    public bool GpuSplit { get; init; } = true;

    /// <summary>How the model is prompted; null leaves it to the model.</summary>
    public FimTemplate? Template { get; init; }

    public EngineOptions Engine { get; init; } = new();

    /// <summary>After this time without an editor a shared engine's process ends; zero for never.</summary>
    public TimeSpan SharedIdle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Merges layers, the strongest last.</summary>
    /// <param name="layers">From the weakest to the strongest; nulls are skipped.</param>
    /// <param name="problem">Told, in a sentence, of each value that can't be used; the value before it then stands.</param>
    public static InfillSettings From(IEnumerable<SettingsLayer?> layers, Action<string> problem)
    {
        var settings = new InfillSettings();
        foreach (var layer in layers)
        {
            if (layer is not null) settings = settings.With(layer, problem);
        }

        return settings;
    }

    /// <summary>Whether suggestions come by themselves in a language.</summary>
    public bool IsEnabledFor(string language) => Languages.GetValueOrDefault(language)?.Enabled ?? Enabled;

    /// <summary>What these settings ask of a place; who asks and how urgently is the caller's to add.</summary>
    /// <param name="text">The document.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="path">The file's name in the prompt.</param>
    /// <param name="language">LSP's identifier; where it is empty the path's ending tells.</param>
    public SuggestionRequest RequestAt(SourceText text, int cursor, string path, string language = "")
    {
        if (language.Length == 0) language = CodeLanguage.IdOf(path);
        return new SuggestionRequest(text, cursor, path)
        {
            Language = language,
            MaxTokens = MaxTokens,
            Prompt = Prompt,
            Shaping = Shaping with { Mode = ModeOf("multiline", Languages.GetValueOrDefault(language)?.Multiline, Shaping.Mode, static _ => { }) },
        };
    }

    private InfillSettings With(SettingsLayer layer, Action<string> problem) => this with
    {
        Enabled = layer.Enabled ?? Enabled,
        Languages = LanguagesWith(layer.Languages, problem),
        Typing = new TypingOptions(layer.TypingThrough ?? Typing.Cache, layer.LookAhead ?? Typing.LookAhead),
        BackOff = layer.BackOff ?? BackOff,
        Statistics = layer.Statistics ?? Statistics,
        MaxTokens = Within("maxTokens", layer.MaxTokens, 1, 1024, MaxTokens, problem),
        Deadline = TimeSpan.FromMilliseconds(Within("deadline", layer.Deadline, 50, 600_000, (int)Deadline.TotalMilliseconds, problem)),
        GrowingSnapshots = OneOf("snapshots", layer.Snapshots, "growing", "finished", GrowingSnapshots, problem),
        Shaping = Shaping with
        {
            Mode = ModeOf("multiline", layer.Multiline, Shaping.Mode, problem),
            Threshold = ThresholdOf(layer.Confidence, problem),
            MaxLines = Within("maxLines", layer.MaxLines, 1, 200, Shaping.MaxLines, problem),
        },
        Prompt = Prompt with
        {
            PrefixTokens = Within("prefixTokens", layer.PrefixTokens, 16, 65_536, Prompt.PrefixTokens, problem),
            SuffixTokens = Within("suffixTokens", layer.SuffixTokens, 0, 65_536, Prompt.SuffixTokens, problem),
            TrailingSuffixTokens = Within("trailingSuffixTokens", layer.TrailingSuffixTokens, 0, 65_536, Prompt.TrailingSuffixTokens, problem),
            ContextTokens = Within("contextTokens", layer.ContextTokens, 0, 65_536, Prompt.ContextTokens, problem),
            Healing = layer.Healing ?? Prompt.Healing,
            Budget = TimeSpan.FromMilliseconds(Within("promptBudget", layer.PromptBudget, 1, 600_000, (int)Prompt.Budget.TotalMilliseconds, problem)),
        },
        ModelPath = string.IsNullOrEmpty(layer.Model) ? ModelPath : Expand("model", layer.Model, ModelPath, problem),
        Endpoints = EndpointSettings.Read(layer.Endpoints, Endpoints, problem),
        EndpointKeyFile = string.IsNullOrEmpty(layer.EndpointKeyFile) ? EndpointKeyFile : Expand("endpointKeyFile", layer.EndpointKeyFile, EndpointKeyFile, problem),
        EndpointDialect = EndpointSettings.Read(layer.EndpointDialect, EndpointDialect, problem),
        EndpointModel = layer.EndpointModel ?? EndpointModel,
        EndpointFallback = layer.EndpointFallback ?? EndpointFallback,
        Hub = layer.Hub ?? Hub,
        Gpu = GpuOf(layer.Gpu, problem),
        GpuLayers = layer.GpuLayers is null ? GpuLayers : Within("gpuLayers", layer.GpuLayers, 0, 1000, GpuLayers ?? 0, problem),
        GpuSplit = layer.GpuSplit ?? GpuSplit,
        Template = TemplateOf(layer.Template, problem),
        SharedIdle = TimeSpan.FromMinutes(Within("sharedIdle", layer.SharedIdle, 0, 10_080, (int)SharedIdle.TotalMinutes, problem)),
        Engine = Engine with
        {
            Threads = Within("threads", layer.Threads, 1, 256, Engine.Threads, problem),
            MaxSequences = Within("sequences", layer.Sequences, 1, 256, Engine.MaxSequences, problem),
            SequenceTokens = Within("sequenceTokens", layer.SequenceTokens, 256, 1 << 20, Engine.SequenceTokens, problem),
            Speculation = layer.Speculation ?? Engine.Speculation,
            Replicas = Within("gpuReplicas", layer.GpuReplicas, 1, 16, Engine.Replicas, problem),
            MemoryLimit = layer.MemoryLimit is null ? Engine.MemoryLimit : Mebibytes(layer.MemoryLimit.Value, problem),
            IdleRelease = TimeSpan.FromMinutes(Within("idleRelease", layer.IdleRelease, 0, 10_080, (int)Engine.IdleRelease.TotalMinutes, problem)),
        },
    };

    private static SuggestionMode? ModeOf(string name, string? multiline, SuggestionMode? before, Action<string> problem)
    {
        switch (multiline)
        {
            case null:
                return before;
            case "auto":
                return null;
            case "never":
                return SuggestionMode.SingleLine;
            case "always":
                return SuggestionMode.WholeLines;
            default:
                problem($"The setting infill.{name} is '{multiline}'; it must be auto, never or always.");
                return before;
        }
    }

    private double ThresholdOf(int? percent, Action<string> problem) =>
        percent is null ? Shaping.Threshold : Within("confidence", percent, 0, 100, -1, problem) switch
        {
            < 0 => Shaping.Threshold,
            0 => double.NegativeInfinity,
            var within => Math.Log(within / 100.0),
        };

    private IReadOnlyDictionary<string, LanguageLayer> LanguagesWith(IReadOnlyDictionary<string, LanguageLayer>? layers, Action<string> problem)
    {
        if (layers is null) return Languages;
        var merged = new Dictionary<string, LanguageLayer>(Languages, StringComparer.Ordinal);
        foreach (var (language, layer) in layers)
        {
            var before = merged.GetValueOrDefault(language) ?? new LanguageLayer();
            var multiline = layer?.Multiline ?? before.Multiline;
            ModeOf($"languages.{language}.multiline", multiline, null, sentence =>
            {
                problem(sentence);
                multiline = before.Multiline;
            });
            merged[language] = new LanguageLayer { Enabled = layer?.Enabled ?? before.Enabled, Multiline = multiline };
        }

        return merged;
    }

    private string GpuOf(string? gpu, Action<string> problem)
    {
        if (gpu is null or GpuChoice.Auto or GpuChoice.Off or "cuda" or "cuda12" or "vulkan") return gpu ?? Gpu;
        problem($"The setting infill.gpu is '{gpu}'; it must be auto, off, cuda, cuda12 or vulkan.");
        return Gpu;
    }

    private FimTemplate? TemplateOf(string? name, Action<string> problem)
    {
        if (name is null) return Template;
        if (name == "auto") return null;
        if (FimTemplates.Named(name) is { } template) return template;
        problem($"The setting infill.template is '{name}'; it must be auto or one of {string.Join(", ", FimTemplates.All.Select(static each => each.Name))}.");
        return Template;
    }

    private static bool OneOf(string name, string? value, string yes, string no, bool before, Action<string> problem)
    {
        if (value is null) return before;
        if (value == yes) return true;
        if (value == no) return false;
        problem($"The setting infill.{name} is '{value}'; it must be {yes} or {no}.");
        return before;
    }

    private static int Within(string name, int? value, int least, int most, int before, Action<string> problem)
    {
        if (value is not { } asked) return before;
        if (asked >= least && asked <= most) return asked;
        problem($"The setting infill.{name} is {asked}; it must be between {least} and {most}.");
        return before;
    }

    private long? Mebibytes(int limit, Action<string> problem)
    {
        var before = Engine.MemoryLimit is { } bytes ? (int)(bytes >> 20) : 0;
        var within = Within("memoryLimit", limit, 64, 1 << 24, before, problem);
        return within == 0 ? null : (long)within << 20;
    }

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(before))]
    private static string? Expand(string name, string path, string? before, Action<string> problem)
    {
        if (path.StartsWith("~/", StringComparison.Ordinal)) path = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]);
        try
        {
            return Path.GetFullPath(path);
        }
        catch (ArgumentException e)
        {
            problem($"The setting infill.{name} is not a path: {e.Message}");
            return before;
        }
    }
}
