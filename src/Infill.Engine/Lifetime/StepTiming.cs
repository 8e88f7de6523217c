using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Lifetime;

/// <summary>What is drawn from how long steps take: how long the next may, and with how many threads. Owned by the engine thread.</summary>
/// <param name="cost">What steps take; learns from each.</param>
/// <param name="options">Threads, and the watchdog's limit.</param>
/// <param name="time">Clock of the steps.</param>
/// <param name="logger">Hears of threads that come and go.</param>
internal sealed class StepTiming(StepCost cost, EngineOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>A step that takes this many times what it should has gone wrong; so has a context's first one after this many limits.</summary>
    private const int Overrun = 20;

    private readonly ThreadGovernor _governor = new(options.Threads);
    private IModelRunner? _told; // the context that knows of the threads chosen
    private int _threads = options.Threads;

    /// <summary>How long a step may take. The first of a context has nothing to be compared to: it may have to read the weights from disk.</summary>
    public TimeSpan LimitOf(StepRunner context, StepShape shape)
    {
        var expected = context.IsWarm ? cost.Predict(shape) : null;
        var limit = (expected ?? options.WatchdogLimit) * Overrun;
        return limit > options.WatchdogLimit ? limit : options.WatchdogLimit;
    }

    /// <summary>Before a step: has the context compute with as many threads as the machine has room for.</summary>
    public void ChooseThreads(IModelRunner model)
    {
        var threads = _governor.ThreadsAt(Now);
        if (threads == _threads && (model == _told || threads == options.Threads)) return;
        model.UseThreads(threads);
        logger.LogDebug("Steps are computed with {Threads} of {All} threads.", threads, options.Threads);
        (_told, _threads) = (model, threads);
    }

    /// <summary>After a completed step.</summary>
    public void Observe(StepPlan plan, StepShape shape, TimeSpan took)
    {
        if (plan.HasDraft) return; // a drafted token is neither a sequence nor a prompt's
        cost.Observe(shape, took);
        _governor.Observe(shape, _threads, took, Now);
    }

    private TimeSpan Now => time.GetElapsedTime(0);
}
