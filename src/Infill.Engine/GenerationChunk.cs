namespace Infill.Engine;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    None = 0,
    EndOfText,
    StopRule,
    TokenLimit,
    Cancelled,
    Superseded,
    Deadline,
    Overloaded,
    Faulted,
}

/// <summary>What a generation cost, by this process's own engine: it knows every figure.</summary>
/// <param name="PromptTokens">Length of the prompt.</param>
/// <param name="CachedTokens">Of those, taken from an earlier request's KV cache.</param>
/// <param name="GeneratedTokens">Tokens chosen, the end marker included.</param>
/// <param name="TokensAfterStop">Tokens computed after the stop was asked for.</param>
/// <param name="Queued">From submission to the first step.</param>
/// <param name="Prefill">From there to the first token.</param>
/// <param name="Decode">From there to the end.</param>
public sealed record Usage(
    int PromptTokens, int CachedTokens, int GeneratedTokens, int TokensAfterStop, TimeSpan Queued, TimeSpan Prefill, TimeSpan Decode)
{
    /// <summary>Whether one of <see cref="GenerationRequest.ShorterPrompts"/> was taken, so that text came in time.</summary>
    public bool UsedShorterPrompt { get; init; }

    /// <summary>Tokens that were guessed and computed ahead; see <see cref="EngineOptions.Speculation"/>.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Of those, the ones that proved right and were kept; they are among the generated.</summary>
    public int AcceptedTokens { get; init; }
}

/// <summary>What another server said that a generation cost. What it did not say is null, never 0.</summary>
/// <param name="PromptTokens">Length of the prompt.</param>
/// <param name="CachedTokens">Of those, taken from the server's cache.</param>
/// <param name="GeneratedTokens">Tokens chosen; where a stream was closed early, those known of by then.</param>
/// <param name="Prefill">Time in the prompt.</param>
/// <param name="Decode">Time in the text.</param>
public sealed record ReportedUsage(int? PromptTokens = null, int? CachedTokens = null, int? GeneratedTokens = null, TimeSpan? Prefill = null, TimeSpan? Decode = null);

/// <summary>One chosen token and by how much its logit led the second best; 0 unless <see cref="GenerationRequest.TraceMargins"/> asked for it.</summary>
/// <param name="Token">Its id; -1 where another server generated.</param>
/// <param name="Margin">In logits.</param>
public readonly record struct TracedToken(int Token, float Margin)
{
    /// <summary>Natural logarithm of the probability that the model gave it; where <see cref="GenerationRequest.ScoreTokens"/> asked for it.</summary>
    public float LogProbability { get; init; }

    /// <summary>Characters of the text that became whole with it, as decoded: before any stop string is cut off; likewise.</summary>
    public int Length { get; init; }

    /// <summary>The likeliest tokens at its place, the best first, where <see cref="GenerationRequest.Alternatives"/> asked for them.</summary>
    public IReadOnlyList<(int Token, float LogProbability)>? Best { get; init; }
}

/// <summary>A piece of generated text: all that came since the piece before. The last one says why it ended and what it cost.</summary>
/// <param name="Text">Whole characters, never half a surrogate pair; may be empty.</param>
/// <param name="Finish"><see cref="FinishReason.None"/> but in the last chunk.</param>
/// <param name="Usage">In the last chunk alone, and there only where this process's own engine generated.</param>
public readonly record struct GenerationChunk(string Text, FinishReason Finish = FinishReason.None, Usage? Usage = null)
{
    private readonly IReadOnlyList<TracedToken>? _tokens;

    /// <summary>Where the request asked for them: the tokens chosen since the chunk before.</summary>
    public IReadOnlyList<TracedToken> Tokens
    {
        get => _tokens ?? [];
        init => _tokens = value;
    }

    /// <summary>In the last chunk, where another server generated.</summary>
    public ReportedUsage? Reported { get; init; }

    /// <summary>In the last chunk of a generation that <see cref="FinishReason.Faulted"/>: what failed.</summary>
    public string? Fault { get; init; }
}
