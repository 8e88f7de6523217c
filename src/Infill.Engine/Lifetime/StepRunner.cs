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

        if (!_watchdog.TryEnd(out var overran))
        {
            Dispose(); // what was given up is freed after all
            throw new ThreadGivenUpException();
        }

        failure?.Throw();
        _abort.LastWasAborted = status == StepStatus.Aborted;
        IsWarm |= status == StepStatus.Completed;
        if (overran && status == StepStatus.Aborted)
        {
            throw new EngineException($"A step of {tokens} tokens was aborted: it had not ended after {limit.TotalSeconds:F1} s.");
        }

        return status;
    }

    /// <summary>From now on every step ends at once. Any thread.</summary>
    public void Hurry() => _watchdog.Close();

    public void Dispose()
    {
        _watchdog.Dispose();
        Model.Dispose();
    }
}
