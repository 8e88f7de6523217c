using System.Text.Json.Serialization;
using Infill.Completion;
using Infill.Protocol.Lsp;

namespace Infill.Server.Commands;

/// <summary>A suggestion and what it took; times in milliseconds. Null is what another server did not tell.</summary>
internal sealed record Report(
    string Text, string Finish, double? FirstTextMs, double TotalMs, double LoadMs, int? Tokens, double? TokensPerSecond, int? PromptTokens)
{
    /// <summary>With <c>--explain</c>: what the prompt was made of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ExplainResult? Prompt { get; init; }

    public static Report Of(Suggestion last, TimeSpan? firstText, TimeSpan total, TimeSpan load)
    {
        var usage = last.Usage;
        var generated = usage?.GeneratedTokens ?? last.Reported?.GeneratedTokens;
        var decode = (usage?.Decode ?? last.Reported?.Decode)?.TotalSeconds;
        return new Report(
            last.Text,
            last.Finish.ToString(),
            firstText is { } first ? Math.Round(first.TotalMilliseconds, 1) : null,
            Math.Round(total.TotalMilliseconds, 1),
            Math.Round(load.TotalMilliseconds, 1),
            generated,
            generated is { } count && decode is > 0 and var seconds ? Math.Round((count - 1) / seconds, 1) : usage is null ? null : 0,
            usage?.PromptTokens ?? last.Reported?.PromptTokens);
    }

    /// <summary>How fast it was, for people.</summary>
    [JsonIgnore]
    public string Speed =>
        $"first text {(FirstTextMs is { } first ? $"{first:F0} ms" : "none")}, total {TotalMs:F0} ms, {Known(Tokens)} tokens, " +
        $"{Known(TokensPerSecond)} tokens/s, {Known(PromptTokens)} prompt tokens";

    public override string ToString() => $"{Speed} (model ready in {LoadMs:F0} ms)";

    private static string Known(double? figure) => figure is { } known ? $"{known:F0}" : "unknown";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Report))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
