namespace Infill.Engine;

/// <summary>
/// A context beside that of the steps, in which one prompt at a time is computed in pieces of milliseconds: the steps of others run
/// between two pieces, so that whole chunks are computed and nobody waits for one.
/// </summary>
/// <remarks>Owned by the engine thread, as the <see cref="IModelRunner"/> is that has it.</remarks>
public interface IPrefillLane
{
    /// <summary>Whether a prompt can be begun now: none is under way, and the slots' memory is as their books say.</summary>
    bool CanBegin { get; }

    /// <summary>Tokens of the prompt that are computed, those that the slot had among them; it grows by whole chunks.</summary>
    int Length { get; }

    /// <summary>Takes what a slot holds, to be followed by tokens. Nothing is computed yet, and the slot stays as it is.</summary>
    /// <param name="slot">Whose prompt it is.</param>
    /// <param name="tokens">The prompt from its beginning.</param>
    /// <param name="length">How many of them the slot holds.</param>
    /// <returns>False where there is no memory for it, now and later.</returns>
    bool TryBegin(int slot, ReadOnlySpan<int> tokens, int length);

    /// <summary>Computes to the end, or until it is told to stop; then it can go on later, from the last whole chunk.</summary>
    /// <param name="mayGoOn">
    /// Asked between two pieces, on this thread: it may run steps of the <see cref="IModelRunner"/>, but call nothing of the lane but
    /// <see cref="TryShare"/>, nor throw. False stops.
    /// </param>
    /// <returns>Whether all is computed.</returns>
    /// <exception cref="EngineException">The backend failed.</exception>
    bool Run(Func<bool> mayGoOn);

    /// <summary>Has the slot hold what is computed so far, for others whose prompts begin like this one; it goes on.</summary>
    /// <returns>As of <see cref="TryFinish"/>.</returns>
    bool TryShare();

    /// <summary>Ends it, done or not: the slot has what was computed.</summary>
    /// <returns>False where that was lost on the way: the slot is empty, and there is no use in trying again.</returns>
    bool TryFinish();
}
