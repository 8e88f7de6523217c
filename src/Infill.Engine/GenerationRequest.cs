using Infill.Engine.Sampling;

namespace Infill.Engine;

/// <summary>Who goes first; a lower value is served earlier.</summary>
public enum RequestPriority
{
    /// <summary>The user asked by hand and waits.</summary>
    Invoked = 0,

    /// <summary>The editor asked because the user typed.</summary>
    Automatic = 1,

    /// <summary>Work done in advance; may never be needed.</summary>
    LookAhead = 2,
}

/// <summary>How the next token is chosen. A temperature of 0 takes the most likely one.</summary>
public sealed record SamplingOptions
{
    public static SamplingOptions Greedy { get; } = new();

    public float Temperature { get; init; }

    /// <summary>Only the most likely tokens count; 0 means all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Only the most likely tokens that add up to this share count.</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Makes a sampled text repeatable.</summary>
    public int Seed { get; init; }
}

/// <summary>What to generate from, how, and when to stop.</summary>
/// <param name="Prompt">Tokens, special ones included; at least one. Copied when the request is submitted.</param>
public sealed record GenerationRequest(IReadOnlyList<int> Prompt)
{
    /// <summary>
    /// The same place told in fewer tokens, the longest first. Where computing what the cache lacks of <see cref="Prompt"/> would
    /// take longer than <see cref="PromptBudget"/>, the first of these that doesn't is taken, or else the last one. The list is
    /// copied when the request is submitted; the prompts themselves must not change.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<int>> ShorterPrompts { get; init; } = [];

    /// <summary>How long the prefill may take where there is a shorter prompt to be had, as far as that can be foreseen.</summary>
    public TimeSpan PromptBudget { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Tokens to generate at most.</summary>
    public int MaxTokens { get; init; } = 64;

    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>Where in the prompt the text stands that goes on; null where the model's FIM tokens tell.</summary>
    public Range? Continued { get; init; }

    /// <summary>
    /// Bytes of UTF-8 that stand behind the prompt already, as a word that is half typed does: the first tokens are chosen among
    /// those that agree with them, and the text given out is what comes after them. They must not change.
    /// </summary>
    public ReadOnlyMemory<byte> Start { get; init; }

    /// <summary>Any of these ends the text before it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the text besides those that the vocabulary knows as its end.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Tokens that end a text are taken like any other, without text of their own: for benchmarks, which need equal lengths.</summary>
    public bool IgnoreEndOfText { get; init; }

    /// <summary>Ends the text behind the token with which it has heard enough.</summary>
    public IStopRule? StopRule { get; init; }

    /// <summary>Whom the engine's time is shared with: one editor, say. Requests that name nobody are one client's.</summary>
    public string Client { get; init; } = "";

    public RequestPriority Priority { get; init; } = RequestPriority.Automatic;

    /// <summary>Time from submission after which the request ends with what it has.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Cancelled when a newer request outdoes this one; then it ends as <see cref="FinishReason.Superseded"/>.</summary>
    public CancellationToken Superseded { get; init; }

    /// <summary>
    /// Tokens that the caller believes will come, such as what is left of the last suggestion. Where they do come, they cost
    /// less time; the text is the same either way.
    /// </summary>
    public IReadOnlyList<int> DraftHints { get; init; } = [];

    /// <summary>Chunks carry the tokens.</summary>
    public bool TraceTokens { get; init; }

    /// <summary>Chunks carry the tokens and how close each choice was. For tests and evaluation: it costs two passes over the logits.</summary>
    public bool TraceMargins { get; init; }

    /// <summary>Chunks carry how likely each token was and how much text it gave: some microseconds a token.</summary>
    public bool ScoreTokens { get; init; }

    /// <summary>With <see cref="ScoreTokens"/>: how many of the likeliest tokens each comes with.</summary>
    public int Alternatives { get; init; }
}
