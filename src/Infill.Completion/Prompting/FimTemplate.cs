using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>Which of the two texts around the cursor comes first.</summary>
public enum FimOrder
{
    /// <summary>PSM: the suffix follows what is being typed, so a keystroke costs the suffix again.</summary>
    PrefixFirst,

    /// <summary>SPM: what is being typed comes last, so a keystroke costs its own tokens only.</summary>
    SuffixFirst,

    /// <summary>The model continues the prefix and knows nothing of the suffix.</summary>
    PrefixOnly,
}

/// <summary>How one family of models was taught to fill in the middle. <see cref="FimTemplates"/> has them all.</summary>
/// <param name="Name">As people choose it in settings.</param>
/// <param name="OneFile">The prompt of one file, as <see cref="FimLayout"/> writes it.</param>
public sealed record FimTemplate(string Name, string OneFile)
{
    /// <summary>The prompt of several files; null where the family knows none.</summary>
    public string? Repository { get; init; }

    /// <summary>One of the other files in it.</summary>
    public string? OtherFile { get; init; }

    /// <summary>Text that the prefix was always seen to begin with.</summary>
    public string Lead { get; init; } = "";

    /// <summary>Whether a model with all the markers is of the family; null where markers alone tell.</summary>
    public Func<IVocabulary, bool>? Fits { get; init; }

    /// <summary>False where it is used only by those who name it.</summary>
    public bool IsChosenAlone { get; init; } = true;

    /// <summary>Metadata by which a model may name its template itself.</summary>
    public const string MetadataKey = "infill.fim_template";

    public FimOrder Order { get; } =
        !OneFile.Contains("{suffix}", StringComparison.Ordinal) ? FimOrder.PrefixOnly
        : OneFile.IndexOf("{suffix}", StringComparison.Ordinal) < OneFile.IndexOf("{prefix}", StringComparison.Ordinal) ? FimOrder.SuffixFirst
        : FimOrder.PrefixFirst;

    /// <summary>Chosen by the model's vocabulary and metadata, never by the name of its file.</summary>
    public static FimTemplate For(IVocabulary model) =>
        FimTemplates.Named(model.Metadata(MetadataKey)) ??
        FimTemplates.All.First(template => template.IsChosenAlone && BoundTemplate.HasMarkers(template, model) && template.Fits?.Invoke(model) != false);
}
