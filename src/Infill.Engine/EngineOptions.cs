using Infill.Engine.Scheduling;

namespace Infill.Engine;

/// <summary>How the cells of the KV cache are divided among its slots.</summary>
public enum KvLayout
{
    /// <summary>
    /// Each slot has cells of its own: attention walks over these alone, which on a CPU makes eight sequences half as fast
    /// again, and one no slower for what is cached beside it. The memory is taken whether used or not.
    /// </summary>
    Streams,

    /// <summary>All slots share one pool, and a cell may belong to several: any length, beginnings stored once.</summary>
    Unified,
}

/// <summary>Budgets and limits of one engine.</summary>
public sealed record EngineOptions
{
    private readonly int? _contextCells;

    public KvLayout Layout { get; init; } = KvLayout.Streams;

    /// <summary>Sequence ids: running requests and cached prefixes together. With <see cref="KvLayout.Streams"/>, each has its cells.</summary>
    public int MaxSequences { get; init; } = 8;

    /// <summary>Tokens that one sequence may have, prompt and completion; never more than the model was trained for.</summary>
    public int SequenceTokens { get; init; } = 2048;

    /// <summary>Cells of the pool that <see cref="KvLayout.Unified"/> shares out; unless set, as many as the streams would have.</summary>
    public int ContextCells
    {
        get => _contextCells ?? MaxSequences * SequenceTokens;
        init => _contextCells = value;
    }

    /// <summary>Bytes that weights and KV cache may take together; there are fewer sequences where they would take more.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Requests that run at once; the others wait.</summary>
    public int MaxRunning { get; init; } = 16;

    /// <summary>
    /// Requests that may wait; beyond it one is answered <see cref="FinishReason.Overloaded"/>: look-ahead before automatic, of the
    /// client that has most waiting the oldest; what was invoked comes last.
    /// </summary>
    public int MaxWaiting { get; init; } = 64;

    /// <summary>Tokens that one step carries at most, whatever it costs.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>How long a step may take beside sequences that decode: their next token waits no longer, where there is a choice.</summary>
    /// <remarks>Also how long the text of several that decode together may wait for its readers to be woken.</remarks>
    public TimeSpan StepBudget { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// The same where another device computes. On an H200 a model of 7 billion parameters decodes in 5 ms of each step, and 25 ms
    /// leave room for 128 tokens of a prompt, 40 for 330: one of 4,000 took 1.3 times as long as alone instead of 1.9. Steps are
    /// planned for nine tenths of it, since what they take is foreseen on average.
    /// </summary>
    public TimeSpan DeviceStepBudget { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>
    /// How long a step of nothing but prefill may take, as far as that can be foreseen. What an abort drops is at most one step,
    /// so a prompt gets computed, bit by bit, even if the user types faster than the whole of it takes.
    /// </summary>
    public TimeSpan PrefillBudget { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Prompt tokens beyond which a prompt is computed between the steps, where the context can (<see cref="IPrefillLane"/>): what
    /// a step or two compute is not worth two copies of the slot's cells.
    /// </summary>
    internal int LongPrompt { get; init; } = 2 * StepCost.Tile;

    /// <summary>Steps after which a request that waits has become as urgent as those of the next higher priority.</summary>
    public int AgingSteps { get; init; } = 200;

    public QuotaOptions Quotas { get; init; } = new();

    /// <summary>
    /// Whether a greedy request that decodes alone has its next tokens guessed from the text before and checked many at a time,
    /// where that is faster. The text is the one it would have been. What is sampled with a temperature is never guessed.
    /// </summary>
    public bool Speculation { get; init; } = true;

    /// <summary>
    /// A step is aborted, and its context made anew, when it takes longer than this and twenty times what such steps take; the
    /// first step of a context may take twenty times this. One that goes on for as long again after that is given up with its thread.
    /// </summary>
    public TimeSpan WatchdogLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// When nothing was asked for so long, the context's memory is given back, and after as long again the weights'; the next
    /// request waits for them. Zero keeps them for ever.
    /// </summary>
    public TimeSpan IdleRelease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Folder where what steps take is remembered for the next run on this machine, a small file for each model; null remembers nothing.</summary>
    public string? TimesFolder { get; init; }

    /// <summary>Copies of the model, each on a device of its own with all of the above to itself.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Which of them these are the options of, from 0.</summary>
    internal int Replica { get; init; }

    /// <summary>Threads to compute with.</summary>
    public int Threads { get; init; } = DefaultThreads;

    /// <summary>One core is left to the editor where there are many: ggml's threads wait for each other, so one that is pushed aside stops all.</summary>
    public static int DefaultThreads => Environment.ProcessorCount switch
    {
        <= 2 => Environment.ProcessorCount,
        var cores => Math.Min(cores - 1, 8),
    };
}
