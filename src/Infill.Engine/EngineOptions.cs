namespace Infill.Engine;

/// <summary>Budgets and limits of one engine.</summary>
public sealed record EngineOptions
{
    /// <summary>Tokens in the KV cache, over all sequences, running and cached.</summary>
    public int ContextCells { get; init; } = 8192;

    /// <summary>Sequence ids: running requests and cached prefixes together.</summary>
    public int MaxSequences { get; init; } = 32;

    /// <summary>Requests that run at once; the others wait.</summary>
    public int MaxRunning { get; init; } = 16;

    /// <summary>Requests that may wait; beyond it the oldest automatic one is answered <see cref="FinishReason.Overloaded"/>.</summary>
    public int MaxWaiting { get; init; } = 64;

    /// <summary>Tokens that one step carries at most, whatever it costs.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>
    /// How long a step of prefill may take, as far as that can be foreseen. What an abort drops is at most one step, so a
    /// prompt gets computed, bit by bit, even if the user types faster than the whole of it takes.
    /// </summary>
    public TimeSpan StepBudget { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Prompt tokens that a step carries at most beside sequences that are decoding, so that these don't stall.</summary>
    public int MaxPrefillBesideDecode { get; init; } = 64;

    /// <summary>Threads to compute with.</summary>
    public int Threads { get; init; } = DefaultThreads;

    /// <summary>One core is left to the editor where there are many: ggml's threads wait for each other, so one that is pushed aside stops all.</summary>
    public static int DefaultThreads => Environment.ProcessorCount switch
    {
        <= 2 => Environment.ProcessorCount,
        var cores => Math.Min(cores - 1, 8),
    };
}
