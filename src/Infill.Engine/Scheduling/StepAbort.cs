using Infill.Engine.Lifetime;

namespace Infill.Engine.Scheduling;

/// <summary>Decides, while a step runs, whether it is still worth finishing. Owned by the engine thread.</summary>
internal sealed class StepAbort
{
    /// <summary>A step that is mostly cancelled is aborted though others ride in it, if what these lose is at most this share of it.</summary>
    private const int CheapShare = 8;

    private readonly EngineInbox _inbox;
    private readonly Watchdog _watchdog;
    private readonly Func<bool> _shouldAbort;
    private StepPlan? _plan;
    private int _stopsSeen;
    private bool _verdict;

    public StepAbort(EngineInbox inbox, Watchdog watchdog)
    {
        _inbox = inbox;
        _watchdog = watchdog;
        _shouldAbort = ShouldAbort;
    }

    /// <summary>Set after each step. Live work is redone after an abort; never twice in a row, so that cancellations can't starve it.</summary>
    public bool LastWasAborted { get; set; }

    /// <summary>The question to ask while <paramref name="plan"/> runs.</summary>
    public Func<bool> For(StepPlan plan)
    {
        _plan = plan;
        _stopsSeen = _inbox.Stops - 1; // look once at the start: a stop may have come since the plan was made
        _verdict = false;
        return _shouldAbort;
    }

    /// <summary>Asked by the model on this thread, hundreds of times a step: mostly one read of a counter.</summary>
    private bool ShouldAbort()
    {
        var stops = _inbox.Stops;
        if (stops == _stopsSeen) return _verdict;
        _stopsSeen = stops;
        if (_watchdog.HasTripped) return _verdict = true; // first: the plan may be another thread's by now

        var stopped = 0;
        var live = 0;
        for (var i = 0; i < _plan!.Slices.Count; i++)
        {
            var slice = _plan.Slices[i];
            if (IsWorthless(slice)) stopped += slice.Length;
            else live += slice.Length;
        }

        return _verdict = stopped > 0 && (live == 0 || (!LastWasAborted && live * CheapShare <= stopped));
    }

    /// <summary>
    /// An edit outdoes a request, but the next one's prompt begins like its own: prefill that was under way is what that one
    /// needs. Were it dropped, somebody who types faster than a step takes would never get a prompt computed.
    /// </summary>
    private static bool IsWorthless(StepSlice slice) => slice.Sequence.Ticket.StopAsked switch
    {
        FinishReason.None => false,
        FinishReason.Superseded => slice.Sequence.GeneratedTokens > 0,
        _ => true,
    };
}
