using System.Diagnostics;
using Infill.Engine.Caching;

namespace Infill.Engine.Scheduling;

/// <summary>Chooses the tokens of the next batch. Pure bookkeeping: it never runs the model.</summary>
/// <remarks>Owned by the engine thread. Requests join and leave between steps; there are no phases, only pending tokens.</remarks>
internal sealed class Scheduler(EngineOptions options, PrefixCache cache, StepCost cost)
{
    /// <summary>Before anything was measured.</summary>
    private const int FirstChunk = 2 * StepCost.Tile;

    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _waiting = []; // by priority, then by age
    private readonly StepPlan _plan = new();

    public IReadOnlyList<Sequence> Running => _running;

    public IReadOnlyList<Sequence> Waiting => _waiting;

    public bool HasWork => _running.Count + _waiting.Count > 0;

    /// <summary>Queues a sequence behind those of its priority.</summary>
    /// <returns>The sequence that had to give way because too many wait: look-ahead before automatic, the oldest first; it may be the new one.</returns>
    public Sequence? Add(Sequence sequence)
    {
        var index = _waiting.Count;
        while (index > 0 && _waiting[index - 1].Ticket.Request.Priority > sequence.Ticket.Request.Priority) index--;
        _waiting.Insert(index, sequence);
        if (_waiting.Count <= options.MaxWaiting) return null;

        var lowest = _waiting[^1].Ticket.Request.Priority;
        var dropped = lowest == RequestPriority.Invoked ? sequence : _waiting.Find(waiting => waiting.Ticket.Request.Priority == lowest)!;
        _waiting.Remove(dropped);
        return dropped;
    }

    /// <summary>Plans the next step. The plan is valid until the next call, and empty when nothing can run.</summary>
    public StepPlan PlanStep()
    {
        _plan.Clear();

        // A decoding sequence lacks one token, a prefilling one lacks many. Decoding goes first, so that
        // inter-token latency stays flat while a long prompt is cut into whatever budget is left.
        foreach (var sequence in _running)
        {
            if (sequence.PendingTokens == 1) _plan.Take(sequence, 1);
        }

        var budget = _plan.TotalTokens == 0
            ? PrefillAlone()
            : Math.Min(options.MaxBatchTokens, _plan.TotalTokens + options.MaxPrefillBesideDecode);
        foreach (var sequence in _running)
        {
            if (sequence.PendingTokens > 1) TakeUpTo(sequence, budget);
        }

        while (_plan.TotalTokens < budget && _running.Count < options.MaxRunning && _waiting.Count > 0 &&
            cache.TryAcquire(_waiting[0], out var slot))
        {
            var next = _waiting[0];
            _waiting.RemoveAt(0);
            next.Begin(slot);
            _running.Add(next);
            TakeUpTo(next, budget);
        }

        return _plan;
    }

    /// <summary>Takes a sequence out, waiting or running; what it computed stays as cache.</summary>
    public void Finish(Sequence sequence)
    {
        if (sequence.Slot is { } slot)
        {
            _running.Remove(sequence);
            cache.Release(slot);
        }
        else
        {
            _waiting.Remove(sequence);
        }

        sequence.Finish();
        Debug.Assert(!_running.Contains(sequence) && !_waiting.Contains(sequence));
    }

    /// <summary>Whole tiles that fit the step budget, at least one.</summary>
    private int PrefillAlone()
    {
        var fitting = cost.LargestPrefill(new StepShape(0, 0), options.StepBudget, options.MaxBatchTokens);
        return Math.Min(Math.Max(fitting ?? FirstChunk, StepCost.Tile), options.MaxBatchTokens);
    }

    private void TakeUpTo(Sequence sequence, int budget)
    {
        var count = Math.Min(sequence.PendingTokens, budget - _plan.TotalTokens);
        if (count > 0) _plan.Take(sequence, count);
    }
}
