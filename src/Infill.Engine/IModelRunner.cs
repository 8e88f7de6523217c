using Infill.Engine.Scheduling;

namespace Infill.Engine;

/// <summary>How a step ended.</summary>
public enum StepStatus
{
    /// <summary>Every token of the plan is in the KV cache and the logits are there.</summary>
    Completed,

    /// <summary>The abort signal was honoured. Some tokens may have been computed: ask <see cref="IModelRunner.Length"/>.</summary>
    Aborted,

    /// <summary>No room in the KV cache. Nothing was computed.</summary>
    NoCells,
}

/// <summary>What a step needs of a model: run a batch, read logits, and keep the KV cache's books.</summary>
/// <remarks>Owned by the engine thread; nothing here is thread-safe but <see cref="Vocabulary"/>.</remarks>
public interface IModelRunner : IDisposable
{
    IVocabulary Vocabulary { get; }

    /// <summary>How the cells are divided among slots.</summary>
    KvLayout Layout { get; }

    /// <summary>Tokens that the KV cache holds, over all sequences.</summary>
    int ContextCells { get; }

    /// <summary>Tokens that one sequence may have: what the model was trained for, or less. A stream has that many cells.</summary>
    int ContextTokens { get; }

    /// <summary>Sequence ids that the KV cache tells apart: slots are numbered from 0 to this.</summary>
    int MaxSequences { get; }

    /// <summary>
    /// A chunk of a prompt beyond 64 tokens costs as much as if it were filled up to a multiple of so many: a CPU's attention kernels
    /// work in tiles of 64 queries, a GPU's costs grow nearly token by token.
    /// </summary>
    int PrefillGrain => StepCost.Tile;

    /// <summary>Whether another device computes the steps, for which this thread only waits.</summary>
    bool IsOnDevice => false;

    /// <summary>
    /// Whether a token's scores may be the same to the bit however many others are computed beside it, fewer than 64 of one sequence. Where they
    /// are shown to be, guesses are never checked twice.
    /// </summary>
    bool AddsUpAlike => false;

    /// <summary>Where prompts can be computed between the steps; null where steps alone compute.</summary>
    IPrefillLane? Lane => null;

    /// <summary>
    /// Where another device computes, tells it to begin with the plan's tokens and returns; <see cref="Run"/>, always called next, then
    /// waits for them. Where this thread computes, nothing happens yet.
    /// </summary>
    /// <exception cref="EngineException">As from <see cref="Run"/>.</exception>
    void Begin(StepPlan plan)
    {
    }

    /// <summary>Computes the plan's tokens in one batch.</summary>
    /// <param name="plan">Slices of sequences, each with its slot.</param>
    /// <param name="shouldAbort">Asked often while the step runs, on this thread; true ends the step early where the backend can.</param>
    /// <exception cref="EngineException">The backend failed; what was computed is unknown until <see cref="Length"/> is asked.</exception>
    StepStatus Run(StepPlan plan, Func<bool> shouldAbort);

    /// <summary>Threads for the steps from now on, from 1 to those that the context was made with; backends that don't compute here need not care.</summary>
    void UseThreads(int threads)
    {
    }

    /// <summary>Nothing is to be computed for now: what waits for the next step is to use no core from here on.</summary>
    void Rest()
    {
    }

    /// <summary>Scores of the token after slice <paramref name="slice"/> of the last completed step, one for each token of the vocabulary.</summary>
    /// <param name="slice">One that wants logits.</param>
    /// <param name="drafted">How many of its drafted tokens that token comes after, from 0 to all of them.</param>
    /// <remarks>Several threads may read at once, while the engine thread waits for them.</remarks>
    ReadOnlySpan<float> Logits(int slice, int drafted = 0);

    /// <summary>Forgets all but the first <paramref name="length"/> tokens of a slot.</summary>
    /// <returns>False where the memory can't be cut there (recurrent models); then the slot is unchanged.</returns>
    bool TryTruncate(int slot, int length);

    /// <summary>Gives an empty slot the first <paramref name="length"/> tokens of another, which keeps them.</summary>
    /// <remarks>In one pool both then hold the same cells, and cutting or emptying either leaves the other's; a stream is copied.</remarks>
    /// <returns>False where the memory can't be copied in part (recurrent models); then the slot is still empty.</returns>
    bool TryCopy(int source, int target, int length);

    /// <summary>Tokens that the KV cache holds for a slot, as the cache itself says.</summary>
    int Length(int slot);
}
