using Infill.Engine;

namespace Infill.Completion.Prompting;

/// <summary>Which of the two texts around the cursor comes first.</summary>
public enum FimOrder
{
    /// <summary>PSM: the suffix follows what is being typed, so a keystroke costs the suffix again.</summary>
    PrefixFirst,

    /// <summary>SPM: what is being typed comes last, so a keystroke costs its own tokens only.</summary>
    SuffixFirst,

    /// <summary>The model has no FIM tokens: it continues the prefix and knows nothing of the suffix.</summary>
    PrefixOnly,
}

/// <summary>Places the parts of a prompt between a model's own special tokens.</summary>
/// <param name="Name">For people: logs and <c>doctor</c>.</param>
/// <param name="Order">Layout.</param>
public sealed record FimTemplate(string Name, FimOrder Order)
{
    /// <summary>Tokens that a prompt may have besides those of its texts: beginning of text, file, prefix, suffix and middle.</summary>
    internal const int MaxMarkers = 5;

    /// <summary>Chosen by the model's vocabulary and name, never by the name of its file.</summary>
    public static FimTemplate For(IVocabulary vocabulary)
    {
        var fim = vocabulary.Fim;
        if (fim.Prefix is null || fim.Suffix is null || fim.Middle is null) return new FimTemplate("prefix only", FimOrder.PrefixOnly);

        // The seed model was trained on both orders and is clearly better suffix first; its metadata doesn't say so.
        if (vocabulary is { ModelName: "fim-52m", Size: 16384 }) return new FimTemplate("infill suffix-first", FimOrder.SuffixFirst);

        return new FimTemplate("prefix-first", FimOrder.PrefixFirst);
    }

    /// <summary>The prompt's tokens.</summary>
    public List<int> Render(FimPrompt prompt, IVocabulary vocabulary)
    {
        var fim = vocabulary.Fim;
        var tokens = new List<int>(prompt.Name.Count + prompt.Prefix.Count + prompt.Suffix.Count + MaxMarkers);
        if (vocabulary.BeginningOfText is { } beginning) tokens.Add(beginning);
        if (fim.FileSeparator is { } separator && prompt.Name.Count > 0)
        {
            tokens.Add(separator);
            tokens.AddRange(prompt.Name);
        }

        switch (Order)
        {
            case FimOrder.SuffixFirst:
                tokens.Add(fim.Suffix!.Value);
                tokens.AddRange(prompt.Suffix);
                tokens.Add(fim.Prefix!.Value);
                tokens.AddRange(prompt.Prefix);
                tokens.Add(fim.Middle!.Value);
                break;
            case FimOrder.PrefixFirst:
                tokens.Add(fim.Prefix!.Value);
                tokens.AddRange(prompt.Prefix);
                tokens.Add(fim.Suffix!.Value);
                tokens.AddRange(prompt.Suffix);
                tokens.Add(fim.Middle!.Value);
                break;
            default:
                tokens.AddRange(prompt.Prefix);
                break;
        }

        return tokens;
    }
}
