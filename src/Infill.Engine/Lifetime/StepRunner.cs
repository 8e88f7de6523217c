using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Lifetime;

/// <summary>One context in use: runs its steps, each until it ends, is worth nothing any more, or overruns its limit.</summary>
/// <remarks>Owned by the engine thread, but for <see cref="Hurry"/>.</remarks>
internal sealed class StepRunner : IDisposable
{
    private readonly Watchdog _watchdog;
    private readonly StepAbort _abort;
    private bool _isInLane; // whose graph may be left for a step

    /// <param name="model">Owned from here on.</param>
    /// <param name="inbox">Where stops are heard of.</param>
    /// <param name="grace">How long an abort may take to have an effect.</param>
    /// <param name="giveUp">The engine thread hangs in a step; called on another, which takes the engine over.</param>
    /// <param name="time">Whose timers are used.</param>
    public StepRunner(IModelRunner model, EngineInbox inbox, TimeSpan grace, Action giveUp, TimeProvider time)
    {
        Model = model;
        _watchdog = new Watchdog(grace, () => inbox.Wake(stopped: true), giveUp, time);
        _abort = new StepAbort(inbox, _watchdog);
    }

    public IModelRunner Model { get; }

    /// <summary>Whether a step has been completed: what the first one takes says nothing of the next.</summary>
    public bool IsWarm { get; private set; }

    /// <summary>Whether it is about to go: no step gets anywhere.</summary>
    public bool IsHurried => _watchdog.IsClosed;

    /// <summary>Computes the plan's tokens.</summary>
    /// <param name="plan">At least one token.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="whileComputing">Called when another device has begun to compute, or before this thread does; not where the step has overrun by then.</param>
    /// <exception cref="EngineException">The backend failed, or the step overran its limit: the context is not to be trusted any more.</exception>
    /// <exception cref="ThreadGivenUpException">The step ended after its thread had been given up.</exception>
    public StepStatus Run(StepPlan plan, TimeSpan limit, Action whileComputing)
    {
        Debug.Assert(plan.TotalTokens > 0);
        var tokens = plan.TotalTokens; // the plan may be another thread's when the step returns
        var status = StepStatus.Aborted;
        ExceptionDispatchInfo? failure = null;
        _watchdog.Begin(limit);
        try
        {
            Model.Begin(plan);
            if (!_watchdog.HasTripped) whileComputing(); // else the thread may have been given up while it began
            status = Model.Run(plan, _abort.For(plan));
        }
        catch (Exception e) // thrown again once it is known whether this thread still owns the engine
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }

        var overran = EndWatch(failure);
        _abort.LastWasAborted = status == StepStatus.Aborted;
        IsWarm |= status == StepStatus.Completed;
        if (overran && status == StepStatus.Aborted)
        {
            throw new EngineException($"A step of {tokens} tokens was aborted: it had not ended after {limit.TotalSeconds:F1} s.");
        }

        return status;
    }

    /// <summary>Has a prompt computed between steps.</summary>
    /// <param name="lane">Of this context.</param>
    /// <param name="limit">After so long without <paramref name="runBeside"/> it is told to stop, and where it doesn't, its thread is given up.</param>
    /// <param name="isDue">Asked between two pieces: whether to call <paramref name="runBeside"/>.</param>
    /// <param name="runBeside">May run a step; false stops.</param>
    /// <returns>Whether all of the prompt is computed; null where it had to be told to stop.</returns>
    /// <exception cref="EngineException">The backend failed, here or in a step between: the context is not to be trusted any more.</exception>
    /// <exception cref="ThreadGivenUpException">As from a step.</exception>
    public bool? Run(IPrefillLane lane, TimeSpan limit, Func<bool> isDue, Func<bool> runBeside)
    {
        var isDone = false;
        ExceptionDispatchInfo? failure = null;
        _isInLane = true;
        _watchdog.Begin(limit);
        try
        {
            isDone = lane.Run(MayGoOn);
        }
        catch (Exception e) // as in a step
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }

        _isInLane = false;
        if (failure?.SourceException is ThreadGivenUpException)
        {
            Dispose(); // now that nothing runs in it
            failure.Throw();
        }

        return EndWatch(failure) ? null : isDone;

        // Called from inside the graph: it must not throw.
        bool MayGoOn()
        {
            if (failure is not null || _watchdog.HasTripped) return false;
            if (!isDue()) return true;
            try
            {
                _ = EndWatch(failure: null);
                var mayGoOn = runBeside();
                _watchdog.Begin(limit);
                return mayGoOn;
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
                if (e is not ThreadGivenUpException) _watchdog.Begin(limit);
                return false;
            }
        }
    }

    /// <summary>From now on every step ends at once. Any thread.</summary>
    public void Hurry() => _watchdog.Close();

    public void Dispose()
    {
        _watchdog.Dispose();
        Model.Dispose();
    }

    /// <returns>Whether the limit had passed.</returns>
    private bool EndWatch(ExceptionDispatchInfo? failure)
    {
        if (!_watchdog.TryEnd(out var overran))
        {
            if (!_isInLane) Dispose(); // what was given up is freed after all
            throw new ThreadGivenUpException();
        }

        failure?.Throw();
        return overran;
    }
}
