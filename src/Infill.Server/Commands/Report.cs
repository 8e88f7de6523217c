using System.Text.Json.Serialization;
using Infill.Completion;
using Infill.Protocol.Lsp;

namespace Infill.Server.Commands;

/// <summary>A suggestion and what it took; times in milliseconds.</summary>
internal sealed record Report(
    string Text, string Finish, double? FirstTextMs, double TotalMs, double LoadMs, int Tokens, double TokensPerSecond, int PromptTokens)
{
    /// <summary>With <c>--explain</c>: what the prompt was made of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ExplainResult? Prompt { get; init; }

    public static Report Of(Suggestion last, TimeSpan? firstText, TimeSpan total, TimeSpan load)
    {
        var usage = last.Usage;
        var generated = usage?.GeneratedTokens ?? 0;
        var decode = usage?.Decode.TotalSeconds ?? 0;
        return new Report(
            last.Text,
            last.Finish.ToString(),
            firstText is { } first ? Math.Round(first.TotalMilliseconds, 1) : null,
            Math.Round(total.TotalMilliseconds, 1),
            Math.Round(load.TotalMilliseconds, 1),
            generated,
            decode > 0 ? Math.Round((generated - 1) / decode, 1) : 0,
            usage?.PromptTokens ?? 0);
    }

    public override string ToString() =>
        $"first text {(FirstTextMs is { } first ? $"{first:F0} ms" : "none")}, total {TotalMs:F0} ms, {Tokens} tokens, " +
        $"{TokensPerSecond:F0} tokens/s, {PromptTokens} prompt tokens (model loaded in {LoadMs:F0} ms)";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
