using System.Text.Json.Serialization;

namespace Infill.Server.Benchmarking.Peers;

/// <summary>What llama-server is asked; a member that is null is left to its defaults. Durations in milliseconds.</summary>
internal record PeerRequest
{
    [JsonPropertyName("n_predict")]
    public int MaxTokens { get; init; }

    /// <summary>All requests are greedy.</summary>
    public float Temperature { get; }

    public bool Stream { get; init; } = true;

    public bool CachePrompt { get; init; } = true;

    public int? IdSlot { get; init; }

    /// <summary>Every chunk then says what the prompt cost, so that a stream that is closed early has told it too.</summary>
    public bool TimingsPerToken { get; } = true;

    /// <summary>How many likely tokens to report for each that was chosen; the chosen one's own probability comes with them.</summary>
    public int? NProbs { get; init; }

    public bool? IgnoreEos { get; init; }

    public bool? ReturnTokens { get; init; }

    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>One candidate is all that a greedy choice needs.</summary>
    public int TopK { get; init; } = 1;

    public float? TopP { get; init; }

    public IReadOnlyList<string> Samplers { get; init; } = ["top_k"];

    [JsonPropertyName("t_max_prompt_ms")]
    public int? MaxPromptTime { get; init; }

    [JsonPropertyName("t_max_predict_ms")]
    public int? MaxPredictTime { get; init; }
}

/// <summary>For <c>/infill</c>: the server makes the prompt.</summary>
/// <param name="InputPrefix">Text before the cursor.</param>
/// <param name="InputSuffix">Text after it.</param>
/// <param name="Prompt">What the server appends to the prefix.</param>
internal sealed record PeerInfill(string InputPrefix, string InputSuffix, string Prompt) : PeerRequest;

/// <summary>For <c>/completion</c>: token ids, so that both sides compute the very same.</summary>
internal sealed record PeerCompletion(IReadOnlyList<int> Prompt) : PeerRequest;

/// <summary>A chunk of a stream, or a whole answer.</summary>
/// <param name="Content">Text; may be empty.</param>
/// <param name="Stop">True in the last.</param>
/// <param name="Tokens">Those of this chunk, or of the whole answer where that was asked for.</param>
/// <param name="Timings">What it took.</param>
internal sealed record PeerChunk(string Content = "", bool Stop = false, IReadOnlyList<int>? Tokens = null, PeerTimings? Timings = null)
{
    /// <summary>Where the request asked for them: the chosen tokens, as text, with the natural logarithms of their probabilities.</summary>
    public IReadOnlyList<PeerProbability>? CompletionProbabilities { get; init; }
}

internal sealed record PeerProbability(string Token, float Logprob);

/// <param name="PromptN">Prompt tokens that were computed.</param>
/// <param name="CacheN">Prompt tokens taken from the cache.</param>
/// <param name="PromptPerSecond">Prefill speed.</param>
/// <param name="PredictedPerSecond">Decode speed.</param>
internal sealed record PeerTimings(int PromptN = 0, int CacheN = 0, double PromptPerSecond = 0, double PredictedPerSecond = 0);

/// <param name="TotalSlots">Requests that it runs at once.</param>
/// <param name="BuildInfo">Its version.</param>
internal sealed record PeerProperties(int TotalSlots = 1, string BuildInfo = "");

internal sealed record PeerText(string Content);

internal sealed record PeerTokens(IReadOnlyList<int> Tokens);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PeerInfill))]
[JsonSerializable(typeof(PeerCompletion))]
[JsonSerializable(typeof(PeerChunk))]
[JsonSerializable(typeof(PeerProperties))]
[JsonSerializable(typeof(PeerText))]
[JsonSerializable(typeof(PeerTokens))]
internal sealed partial class PeerJsonContext : JsonSerializerContext;
