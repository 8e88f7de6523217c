using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Server.Http;

/// <summary>What <c>/completion</c> and <c>/infill</c> take, as llama-server names it; what it knows besides is let pass.</summary>
internal sealed record CompletionBody
{
    /// <summary>Text, tokens, or both mixed; for <c>/infill</c> the text just before the cursor.</summary>
    public JsonElement? Prompt { get; init; }

    public string? InputPrefix { get; init; }

    public string? InputSuffix { get; init; }

    /// <summary>Parts of other files, the least useful first.</summary>
    public IReadOnlyList<ExtraBody?>? InputExtra { get; init; }

    /// <summary>-1 for as many as fit.</summary>
    [JsonPropertyName("n_predict")]
    public int? Predict { get; init; }

    public int? MaxTokens { get; init; }

    public bool? Stream { get; init; }

    public JsonElement? Stop { get; init; }

    public float? Temperature { get; init; }

    public int? TopK { get; init; }

    public float? TopP { get; init; }

    public long? Seed { get; init; }

    [JsonPropertyName("n_probs")]
    public int? Probabilities { get; init; }

    /// <summary>A line that is indented by less ends the text.</summary>
    [JsonPropertyName("n_indent")]
    public int? Indent { get; init; }

    /// <summary>After this time a line's end ends the text.</summary>
    [JsonPropertyName("t_max_predict_ms")]
    public int? PredictMilliseconds { get; init; }

    public bool? ReturnTokens { get; init; }

    /// <summary>Whether <c>/infill</c> completes a half-typed word from its beginning: our own. By default it does where no tokens are told beside the text.</summary>
    public bool? Healing { get; init; }

    public IReadOnlyList<string>? ResponseFields { get; init; }
}

/// <summary>A part of another file.</summary>
internal sealed record ExtraBody
{
    public string? Filename { get; init; }

    public string? Text { get; init; }
}

/// <summary>What <c>/v1/completions</c> takes, as OpenAI names it.</summary>
internal sealed record OpenAiBody
{
    public JsonElement? Prompt { get; init; }

    public string? Suffix { get; init; }

    public int? MaxTokens { get; init; }

    public float? Temperature { get; init; }

    public float? TopP { get; init; }

    public int? TopK { get; init; }

    public int? N { get; init; }

    public int? BestOf { get; init; }

    public bool? Stream { get; init; }

    public StreamOptionsBody? StreamOptions { get; init; }

    public int? Logprobs { get; init; }

    public bool? Echo { get; init; }

    public JsonElement? Stop { get; init; }

    public float? PresencePenalty { get; init; }

    public float? FrequencyPenalty { get; init; }

    public JsonElement? LogitBias { get; init; }

    public long? Seed { get; init; }

    /// <summary>Whom the engine's time is shared with.</summary>
    public string? User { get; init; }
}

internal sealed record StreamOptionsBody
{
    public bool? IncludeUsage { get; init; }
}

internal sealed record TokenizeBody
{
    public JsonElement? Content { get; init; }

    public bool? AddSpecial { get; init; }

    public bool? ParseSpecial { get; init; }

    public bool? WithPieces { get; init; }
}

internal sealed record DetokenizeBody
{
    public IReadOnlyList<int>? Tokens { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CompletionBody))]
[JsonSerializable(typeof(OpenAiBody))]
[JsonSerializable(typeof(TokenizeBody))]
[JsonSerializable(typeof(DetokenizeBody))]
internal sealed partial class BodyJsonContext : JsonSerializerContext;
