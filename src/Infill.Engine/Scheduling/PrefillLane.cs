using Infill.Engine.Caching;
using Infill.Engine.Lifetime;

namespace Infill.Engine.Scheduling;

/// <summary>Whose prompt is computed between the steps, and the books of it. Owned by the engine thread.</summary>
/// <remarks>
/// A step that carries a chunk of a prompt takes as long as that chunk, whoever decodes in it, and small chunks are dear (after
/// 1,400 tokens 20 more take 25 ms, 64 take 29). Computed in the lane, a chunk is left for a step after any few nodes of its
/// graph, so that it may be large. The sequence keeps its slot, whose books move on when it leaves the lane, or others come. It never
/// leaves while its graph is left for a step, which may end, drop or replace others, but not the one that is computed around it.
/// </remarks>
internal sealed class PrefillLane(EngineOptions options, PrefixCache cache, StepCost cost)
{
    /// <summary>Step budgets that a tile may take alone: with slower models, and those of which nothing is known, a chunk may take seconds.</summary>
    private const int MostBudgets = 4;

    private IPrefillLane? _lane; // null where the context has none
    private bool _hasBegun;
    private int _lengthAtEntry; // tokens that its slot had
    private int _lengthBefore; // tokens that were computed when it began to run
    private bool _isWanted; // somebody wants it whose prompt is more urgent, or the place of the one that has it

    /// <summary>The one whose prompt is computed there.</summary>
    public Sequence? Sequence { get; private set; }

    /// <summary>Whether its graph is under way, and left for a step at most.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Whether the one whose prompt is computed may not leave now.</summary>
    public bool Holds(Sequence sequence) => IsRunning && sequence == Sequence;

    /// <summary>Whether the graph is to be left for good: the one whose prompt it computes has no use for it, or others have more.</summary>
    public bool IsToStop => _isWanted || Sequence!.Ticket.StopAsked switch
    {
        FinishReason.None => false,
        FinishReason.Superseded => !IsBeforeItsChunk,
        _ => true,
    };

    /// <summary>
    /// An edit has outdone the one whose prompt is computed, but no chunk of it is done yet: it is finished, since the next one's
    /// prompt begins like this. Else somebody who types faster than a chunk takes would never get one computed. What was made in
    /// advance has no next one.
    /// </summary>
    public bool IsBeforeItsChunk =>
        Sequence!.Ticket is { StopAsked: FinishReason.Superseded, Request.Priority: not RequestPriority.LookAhead } && _lane!.Length == _lengthBefore;

    /// <summary>A context has just been made.</summary>
    public void Attach(IModelRunner model) => _lane = model.Lane;

    /// <summary>The context is gone, and what was computed in the lane with it.</summary>
    public void Detach() => (_lane, Sequence, _hasBegun, IsRunning) = (null, null, false, false);

    /// <summary>Whether a running sequence's prompt may be computed here, now or when the one before it is done.</summary>
    public bool Suits(Sequence sequence) =>
        _lane is not null && sequence.PendingTokens > options.LongPrompt &&
        cost.Predict(new StepShape(DecodeSequences: 0, DecodeContext: 0, PrefillTokens: StepCost.Tile, PrefillContext: sequence.ComputedTokens)) is { } tile &&
        tile <= MostBudgets * options.StepBudget;

    /// <summary>Lets a sequence in that suits, in place of the one that is there.</summary>
    /// <returns>False where that one can't leave now, or the sequence's memory isn't ready to be taken over.</returns>
    public bool TryEnter(Sequence sequence)
    {
        if (Sequence is { } before && !TryLeave(before)) return false;
        if (_lane is not { CanBegin: true }) return false;
        Sequence = sequence;
        _lengthAtEntry = sequence.ComputedTokens;
        return true;
    }

    /// <summary>Computes the prompt to its end, or until it has to stop; a prompt that is done leaves.</summary>
    /// <param name="context">Of the steps, and of the lane.</param>
    /// <param name="isDue">Asked between two pieces: whether to call <paramref name="runBeside"/>.</param>
    /// <param name="runBeside">May run a step; false stops.</param>
    /// <exception cref="EngineException">The backend failed, or hung: the context is not to be trusted any more.</exception>
    /// <exception cref="ThreadGivenUpException">It ended after its thread had been given up: another one has the lane.</exception>
    public void Run(StepRunner context, Func<bool> isDue, Func<bool> runBeside)
    {
        var sequence = Sequence!;
        var count = sequence.Tokens.Count - 1; // the last is computed by a step, for its logits
        if (!_hasBegun && !(_hasBegun = _lane!.TryBegin(sequence.Slot!.Id, sequence.FirstTokens(count), sequence.ComputedTokens)))
        {
            Detach(); // no memory: steps do it
            return;
        }

        _isWanted = false;
        _lengthBefore = _lane!.Length;
        IsRunning = true;
        bool? isDone;
        try
        {
            isDone = context.Run(_lane, options.WatchdogLimit, isDue, runBeside);
        }
        catch (Exception e) when (e is not ThreadGivenUpException)
        {
            IsRunning = false;
            throw;
        }

        IsRunning = false;
        if (isDone != false) TryLeave(sequence);
        if (isDone is null) _lane = null; // it is too slow for what it is for
    }

    /// <summary>Somebody comes whose prompt may begin like the one here: what is computed so far is there for all.</summary>
    public void Share()
    {
        if (Sequence is not { } sequence || !_hasBegun || _lane!.Length == sequence.ComputedTokens) return;
        _lane.TryShare();
        cache.TakeIn(sequence.Slot!, sequence.Tokens);
    }

    /// <summary>The sequence goes on without the lane, or nowhere: what was computed for it is in its slot.</summary>
    /// <returns>False where it can't leave now; it will be able to soon.</returns>
    public bool TryLeave(Sequence sequence)
    {
        if (sequence != Sequence) return true;
        if (_isWanted = IsRunning) return false;
        Sequence = null;
        if (!_hasBegun) return true;
        _hasBegun = false;
        var isThere = _lane!.TryFinish();
        cache.TakeIn(sequence.Slot!, sequence.Tokens);
        sequence.Client.Service += Math.Max(0, sequence.ComputedTokens - _lengthAtEntry);
        if (!isThere) _lane = null; // its memory can't be moved: steps do all from here on
        return true;
    }
}
