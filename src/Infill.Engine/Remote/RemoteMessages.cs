using System.Text.Json.Serialization;

namespace Infill.Engine.Remote;

/// <summary>What llama-server's <c>/infill</c> is asked. Greedy; one candidate is all that that needs.</summary>
internal sealed record InfillMessage(string InputPrefix, string InputSuffix, IReadOnlyList<InfillExtra> InputExtra, [property: JsonPropertyName("n_predict")] int MaxTokens)
{
    public string Prompt { get; } = "";

    public bool Stream { get; } = true;

    public bool CachePrompt { get; } = true;

    public float Temperature { get; }

    public int TopK { get; } = 1;

    public IReadOnlyList<string> Samplers { get; } = ["top_k"];

    /// <summary>What it cost is told with every chunk: a stream that is closed early has told it too.</summary>
    public bool TimingsPerToken { get; } = true;

    public int? NProbs { get; init; }

    /// <summary><c>infill serve</c>'s own; llama-server passes over it.</summary>
    public bool Healing { get; init; }

    public IReadOnlyList<string>? Stop { get; init; }
}

internal sealed record InfillExtra(string Filename, string Text);

/// <summary>A chunk of llama-server's stream.</summary>
internal sealed record InfillChunk(string? Content = null, bool Stop = false, string? StopType = null, int? TokensPredicted = null, int? TokensEvaluated = null)
{
    public InfillTimings? Timings { get; init; }

    public IReadOnlyList<InfillProbability>? CompletionProbabilities { get; init; }

    public ErrorMessage? Error { get; init; }
}

internal sealed record InfillTimings(int? PromptN = null, int? CacheN = null, double? PromptMs = null, int? PredictedN = null, double? PredictedMs = null);

internal sealed record InfillProbability(string? Token = null, float? Logprob = null);

/// <summary>What <c>/v1/completions</c> is asked.</summary>
internal sealed record CompletionMessage(string Model, string Prompt, int MaxTokens)
{
    public string? Suffix { get; init; }

    public bool Stream { get; init; } = true;

    public StreamOptionsMessage? StreamOptions { get; init; } = new();

    public float Temperature { get; }

    public int? Logprobs { get; init; }

    public IReadOnlyList<string>? Stop { get; init; }
}

internal sealed record StreamOptionsMessage
{
    public bool IncludeUsage { get; } = true;
}

/// <summary>A chunk of OpenAI's stream, or its whole answer.</summary>
internal sealed record CompletionChunk(IReadOnlyList<CompletionChoice>? Choices = null, CompletionUsage? Usage = null, ErrorMessage? Error = null);

internal sealed record CompletionChoice(string? Text = null, string? FinishReason = null)
{
    /// <summary>vLLM's: the stop string that ended the text, or a token's number.</summary>
    public System.Text.Json.JsonElement? StopReason { get; init; }

    public CompletionLogprobs? Logprobs { get; init; }
}

internal sealed record CompletionLogprobs(IReadOnlyList<string>? Tokens = null, IReadOnlyList<float?>? TokenLogprobs = null);

internal sealed record CompletionUsage(int? PromptTokens = null, int? CompletionTokens = null, PromptDetails? PromptTokensDetails = null);

internal sealed record PromptDetails(int? CachedTokens = null);

/// <summary>An error as both dialects tell it, the text left aside: it may quote the user's.</summary>
internal sealed record ErrorMessage(string? Type = null);

/// <summary>What <c>/v1/models</c> lists.</summary>
internal sealed record ModelList(IReadOnlyList<ModelEntry>? Data = null);

internal sealed record ModelEntry(string? Id = null);

/// <summary>llama-server's <c>/props</c>, as far as it tells one from others.</summary>
internal sealed record ServerProperties(int? TotalSlots = null, string? ModelAlias = null, string? ModelPath = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InfillMessage))]
[JsonSerializable(typeof(InfillChunk))]
[JsonSerializable(typeof(CompletionMessage))]
[JsonSerializable(typeof(CompletionChunk))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ServerProperties))]
internal sealed partial class RemoteJsonContext : JsonSerializerContext;
