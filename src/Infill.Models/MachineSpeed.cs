using System.Text.Json.Serialization;

namespace Infill.Models;

/// <summary>How fast this machine runs the embedded model, and by that any other.</summary>
/// <param name="PrefillMilliseconds">One token of a prompt, among many.</param>
/// <param name="DecodeMilliseconds">One token after it.</param>
/// <param name="Bytes">Of the model that was measured.</param>
public sealed record MachineSpeed(double PrefillMilliseconds, double DecodeMilliseconds, long Bytes)
{
    /// <summary>A first line that takes no longer is there when one looks for it.</summary>
    public const double GoodMilliseconds = 300;

    /// <summary>Tokens of a first line, about.</summary>
    private const int LineTokens = 12;

    /// <summary>Prompt tokens that a key computes: those of the typed part, and where the suffix ends the prompt that too.</summary>
    private const int KeyTokens = 4, SuffixTokens = 48;

    /// <summary>Weights of the embedded model, in thousand millions.</summary>
    private const double Parameters = 0.052;

    /// <summary>Whether the numbers can be right: they come from a file that anybody may have written.</summary>
    [JsonIgnore]
    public bool IsUsable => PrefillMilliseconds is > 0 and < 1e6 && DecodeMilliseconds is > 0 and < 1e6 && Bytes > 0;

    /// <summary>Milliseconds from a key to a model's first line, about.</summary>
    /// <remarks>
    /// A prompt's tokens cost arithmetic, so they grow with the weights' number; each token after it reads all weights from
    /// memory once, so that grows with their bytes. Small models pay more for what is neither, so larger ones are, if
    /// anything, faster than this.
    /// </remarks>
    public double FirstLine(CatalogModel model) =>
        ((KeyTokens + (model.TakesSuffixLast ? SuffixTokens : 0)) * PrefillMilliseconds * model.Parameters / Parameters)
        + (LineTokens * DecodeMilliseconds * model.Size / Bytes);

    /// <summary>The largest model that fits and is fast enough; null where the embedded one is the best choice.</summary>
    /// <param name="memory">Bytes that this machine has.</param>
    public CatalogModel? Recommend(long memory) =>
        ModelCatalog.All.Where(model => model.Memory <= memory && FirstLine(model) <= GoodMilliseconds).MaxBy(static model => model.Parameters);
}
