using Infill.Engine.Caching;
using Infill.Engine.Drafting;
using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine;

/// <summary>What the engine thread does: take requests, plan a step, run it, choose tokens, deliver text.</summary>
internal sealed class EngineLoop : IDisposable
{
    /// <summary>
    /// Of the step budget, for what is computed in the lane and the step after it: a piece of it is still under way when that is due. With 0.8 of
    /// it one gap in twenty was 24 to 25.5 ms, with this 21 to 22, and the prompt takes 1.13 to 1.2 times as long as alone.
    /// </summary>
    private const double LaneShare = 0.72;

    /// <summary>Threads that look through scores beside the engine's: to wake each takes that one some microseconds.</summary>
    private const int MostHelpers = 15;

    private readonly ContextLife _contexts;
    private readonly EngineInbox _inbox;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EngineMetrics _metrics;
    private readonly List<Sequence> _ended = [];
    private readonly Drafter _drafter;
    private readonly SequenceOutput _output;
    private readonly Action _tellReaders;
    private readonly StepTiming _timing;
    private readonly CostMemory _memory;
    private readonly StepSettlement _settlement;
    private readonly SharedWork _choosing = new(Math.Min(Environment.ProcessorCount - 1, MostHelpers));
    private readonly bool _gathers;
    private readonly TimeSpan _stepBudget;
    private readonly Func<bool> _isStepDue;
    private readonly Func<bool> _runBeside;
    private StepPlan? _plan; // of the step that runs
    private TimeSpan _stepTime; // of the last step
    private int _stopsSeen; // when those who had stopped were looked for
    private long _stepDue; // while the lane computes
    private bool _isInLane; // computes there, rather than a step

    /// <param name="contexts">Owned by the loop.</param>
    /// <param name="options">Budgets and limits.</param>
    /// <param name="inbox">Where requests come from.</param>
    /// <param name="time">Clock of deadlines and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    /// <exception cref="EngineException">The first context can't be made.</exception>
    public EngineLoop(ContextLife contexts, EngineOptions options, EngineInbox inbox, TimeProvider time, ILogger logger)
    {
        _contexts = contexts;
        _inbox = inbox;
        _time = time;
        _logger = logger;
        var model = contexts.Get().Model;
        _gathers = model.IsOnDevice;
        if (model.IsOnDevice) options = options with { StepBudget = 0.9 * options.DeviceStepBudget };
        Limits = new RequestLimits(contexts.Vocabulary, Math.Min(model.ContextTokens, model.ContextCells));
        Cache = new PrefixCache(model);
        Cost = new StepCost(model.PrefillGrain);
        Scheduler = new Scheduler(options, Cache, Cost);
        Scheduler.Lane.Attach(model);
        _stepBudget = options.StepBudget;
        _isStepDue = IsStepDue;
        _runBeside = RunBeside;
        _memory = CostMemory.Of(contexts.ModelIdentity, options, time, logger);
        _memory.Restore(Cost);
        _metrics = new EngineMetrics(() => Scheduler.Waiting.Count, () => Scheduler.Running.Count, () => Cache.CellsInUse, options);
        _timing = new StepTiming(Cost, options, time, logger);
        _drafter = new Drafter(contexts.Vocabulary, options, model);
        _output = new SequenceOutput(contexts.Vocabulary, _metrics, _stepBudget, time);
        _tellReaders = () => _output.TellReadersWhereDue(_plan!.HasPrefill ? _stepBudget : _stepTime); // a prompt's part is made as long as may be
        _settlement = new StepSettlement(Cache, _drafter, new StepChoices(contexts.Vocabulary.Size, model.IsOnDevice, _choosing), _output, (sequence, reason, traced) => End(sequence, reason, traced));
    }

    public Scheduler Scheduler { get; }

    public PrefixCache Cache { get; }

    public StepCost Cost { get; }

    /// <summary>Any thread.</summary>
    public RequestLimits Limits { get; }

    /// <summary>The context's runner; null while there is no context.</summary>
    public IModelRunner? Model => _contexts.Current?.Model;

    /// <summary>Steps run since the start.</summary>
    public long Steps { get; private set; }

    /// <summary>Read by other threads as a momentary figure.</summary>
    public int RunningCount => Scheduler.Running.Count;

    /// <summary>Waits while there is nothing to do, then runs at most one step, and what is computed between this one and the next.</summary>
    public void RunOnce()
    {
        if (!Scheduler.HasWork)
        {
            Wait();
            if (_gathers) RequestBurst.Await(_inbox);
        }

        var hasStep = RunTurn();
        if (_contexts.Current is { } context && Scheduler.IsLaneDue) RunLane(context, hasStep);
    }

    /// <summary>On a new engine thread: the one before hangs in a step, with its context.</summary>
    public void TakeOver()
    {
        _contexts.Abandon();
        Lose("hung", "A step hung in the backend and could not be aborted.");
    }

    /// <summary>The engine is being disposed: from now on every step ends at once. Any thread.</summary>
    public void Hurry() => _contexts.Hurry();

    public void StopAll() => EndAll(FinishReason.Cancelled, fault: null);

    public void FailAll(string fault) => EndAll(FinishReason.Faulted, fault);

    public void Dispose()
    {
        _memory.Save(Cost, Steps);
        _contexts.Dispose();
        _choosing.Dispose();
        _metrics.Dispose();
    }

    /// <summary>Takes what has come, and runs a step where there is one.</summary>
    /// <returns>Whether there was.</returns>
    private bool RunTurn()
    {
        _inbox.Reset();
        _stopsSeen = _inbox.Stops;
        _inbox.TakeQuestions(); // first taken and last answered: what was asked for before a question is done when it looks
        EndStopped();    // before others come: nobody gives way to those who have left
        var isEnding = Scheduler.Lane is { IsRunning: true } lane && (lane.IsToStop || lane.IsBeforeItsChunk); // first that, then the one that comes after it
        if (!isEnding)
        {
            if (_inbox.HasRequests) Scheduler.Lane.Share();
            TakeRequests();
            _inbox.AnswerQuestions();
        }

        if (!Scheduler.HasWork || !TryGetContext(out var context)) return false;
        var plan = Scheduler.PlanStep();
        while (Scheduler.TryDrop(out var dropped))
        {
            _output.Complete(dropped, FinishReason.Overloaded);
        }

        _drafter.Extend(plan);
        if (plan.TotalTokens > 0) RunStep(context, plan);
        else _output.TellReaders();
        return plan.TotalTokens > 0;
    }

    private void Wait()
    {
        _output.TellReaders();
        _memory.SaveNowAndThen(Cost, Steps);
        _contexts.Wait();
        if (_contexts.Current is null) Detach(); // released meanwhile
    }

    private void TakeRequests()
    {
        while (_inbox.TryTake(out var ticket))
        {
            var sequence = new Sequence(ticket, _contexts.Vocabulary);
            _metrics.PromptTokens.Add(sequence.PromptTokens);
            if (ticket.StopAsked is not FinishReason.None and var reason) _output.Complete(sequence, reason);
            else Scheduler.Add(sequence);
        }
    }

    private void EndStopped()
    {
        _ended.Clear();
        CollectStopped(Scheduler.Running);
        CollectStopped(Scheduler.Waiting);
        foreach (var sequence in _ended)
        {
            End(sequence, sequence.Ticket.StopAsked);
        }
    }

    private void CollectStopped(IReadOnlyList<Sequence> sequences)
    {
        for (var i = 0; i < sequences.Count; i++) // an enumerator would be boxed, each step
        {
            if (sequences[i].Ticket.StopAsked != FinishReason.None && !Scheduler.Lane.Holds(sequences[i])) _ended.Add(sequences[i]);
        }
    }

    /// <returns>False where none can be made: everybody has been told.</returns>
    private bool TryGetContext(out StepRunner context)
    {
        var isNew = _contexts.Current is null;
        try
        {
            if (isNew) _output.TellReaders(); // it takes its time
            context = _contexts.Get();
            if (!isNew) return true;
            Cache.Attach(context.Model);
            Scheduler.Lane.Attach(context.Model);
            return true;
        }
        catch (EngineException e)
        {
            context = null!;
            _logger.LogError(e, "There is no context to run in.");
            EndEverything(FinishReason.Faulted, e.Message);
            return false;
        }
    }

    private void RunStep(StepRunner context, StepPlan plan)
    {
        _plan = plan;
        var began = _time.GetTimestamp();
        for (var i = 0; i < plan.Slices.Count; i++)
        {
            var sequence = plan.Slices[i].Sequence;
            if (sequence.StartedAt == 0) sequence.StartedAt = began;
        }

        try
        {
            _timing.ChooseThreads(context.Model);
            var shape = StepShape.Of(plan); // before the books move on
            Settle(context.Model, plan, context.Run(plan, _timing.LimitOf(context, shape), _tellReaders), shape, began);
        }
        catch (EngineException e)
        {
            if (Scheduler.Lane.IsRunning) throw; // its graph has to be left first
            Lose(e);
        }
    }

    /// <summary>A prompt is computed, to its end or until there is no more use for it; steps run between.</summary>
    private void RunLane(StepRunner context, bool hasStep)
    {
        var sequence = Scheduler.Lane.Sequence!;
        if (sequence.StartedAt == 0) sequence.StartedAt = _time.GetTimestamp();
        _isInLane = true;
        try
        {
            BeginLaneTime(hasStep);
            Scheduler.Lane.Run(context, _isStepDue, _runBeside);
        }
        catch (EngineException e)
        {
            Lose(e);
        }

        _isInLane = false;
    }

    /// <summary>From inside the lane's graph: a turn, but of the lane itself.</summary>
    /// <returns>Whether the lane is to go on.</returns>
    private bool RunBeside()
    {
        bool hasStep;
        do
        {
            if (Scheduler.Lane.IsToStop || _contexts.Current is { IsHurried: true }) return false;
            if (Scheduler.Lane.IsBeforeItsChunk && _time.GetTimestamp() < _stepDue) return true;
            _isInLane = false;
            hasStep = RunTurn();
            _isInLane = true;
        }
        while (!Scheduler.IsLaneDue);

        BeginLaneTime(hasStep);
        return !Scheduler.Lane.IsToStop;
    }

    /// <summary>
    /// The lane has so much time that a token comes per step budget, as far as it is foreseen, but never less than half of that:
    /// prompts get on, however many decode. Where nobody does, it has all there is.
    /// </summary>
    private void BeginLaneTime(bool hasStep)
    {
        if (hasStep) _output.TellReaders();
        var left = (LaneShare * _stepBudget) - _stepTime;
        if (left < _stepBudget / 2) left = _stepBudget / 2;
        _stepDue = hasStep ? _time.GetTimestamp() + (long)(left.TotalSeconds * _time.TimestampFrequency) : long.MaxValue;
    }

    private bool IsStepDue() => _inbox.HasSomething || _inbox.Stops != _stopsSeen || _time.GetTimestamp() >= _stepDue;

    private void Settle(IModelRunner model, StepPlan plan, StepStatus status, StepShape shape, long began)
    {
        Steps++;
        var took = _time.GetElapsedTime(began);
        _stepTime = took;
        _metrics.StepTime.Record(took.TotalMilliseconds);
        _metrics.Occupancy.Record(plan.Slices.Count);
        if (status == StepStatus.Completed) _timing.Observe(plan, shape, took);
        var chosen = _settlement.Settle(model, plan, status);
        if (status == StepStatus.Completed) _drafter.Observe(plan, _time.GetElapsedTime(began), chosen); // tokens behind guesses take time to choose, too
    }

    private void Lose(EngineException e)
    {
        _logger.LogError(e, "A step failed; its context is made anew, and its requests get one more chance.");
        _contexts.Discard();
        Lose("failed", e.Message);
    }

    /// <summary>A step took the context with it. Its requests run once more from what they have, unseen by who reads; a second time ends them.</summary>
    private void Lose(string reason, string fault)
    {
        _metrics.ContextsLost.Add(1, new KeyValuePair<string, object?>("reason", reason));
        var inLane = Scheduler.Lane.Sequence;
        Detach(); // first: nobody is to look for what was computed
        if (_isInLane)
        {
            Retry(inLane!);
        }
        else
        {
            foreach (var slice in _plan!.Slices) Retry(slice.Sequence);
        }

        _isInLane = false;
        Scheduler.PreemptAll();

        void Retry(Sequence sequence)
        {
            if (sequence.State != SequenceState.Running) return; // it had ended by itself before another's logits failed
            if (sequence.WasRetried) End(sequence, FinishReason.Faulted, fault: fault);
            sequence.WasRetried = true;
        }
    }

    private void Detach()
    {
        Cache.Detach();
        Scheduler.Lane.Detach();
    }

    private void EndAll(FinishReason reason, string? fault)
    {
        _inbox.Close(); // what comes later is answered by CompletionEngine itself
        _inbox.TakeQuestions();
        TakeRequests();
        EndEverything(reason, fault);
        _inbox.AnswerQuestions();
    }

    private void EndEverything(FinishReason reason, string? fault)
    {
        _ended.Clear();
        _ended.AddRange(Scheduler.Running);
        _ended.AddRange(Scheduler.Waiting);
        foreach (var sequence in _ended)
        {
            End(sequence, reason, fault: fault);
        }

        _output.TellReaders();
    }

    private void End(Sequence sequence, FinishReason reason, TracedToken? traced = null, string? fault = null)
    {
        Scheduler.Finish(sequence);
        _drafter.End(sequence, reason);
        if (!Scheduler.HasWork) Model?.Rest(); // before the reader is woken, who may need a core that waits for a step
        _output.Complete(sequence, reason, traced, fault);
    }
}
