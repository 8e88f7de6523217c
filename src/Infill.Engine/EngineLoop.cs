using Infill.Engine.Caching;
using Infill.Engine.Drafting;
using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine;

/// <summary>What the engine thread does: take requests, plan a step, run it, choose tokens, deliver text.</summary>
internal sealed class EngineLoop : IDisposable
{
    /// <summary>A step that takes this many times what it should has gone wrong; so has a context's first one after this many limits.</summary>
    private const int Overrun = 20;

    private readonly ContextLife _contexts;
    private readonly EngineOptions _options;
    private readonly EngineInbox _inbox;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EngineMetrics _metrics;
    private readonly List<Sequence> _ended = [];
    private readonly StepCost _cost = new();
    private readonly Drafter _drafter;
    private readonly SequenceOutput _output;
    private StepPlan? _plan; // of the step that runs

    /// <param name="contexts">Owned by the loop.</param>
    /// <param name="options">Budgets and limits.</param>
    /// <param name="inbox">Where requests come from.</param>
    /// <param name="time">Clock of deadlines and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    /// <exception cref="EngineException">The first context can't be made.</exception>
    public EngineLoop(ContextLife contexts, EngineOptions options, EngineInbox inbox, TimeProvider time, ILogger logger)
    {
        _contexts = contexts;
        _options = options;
        _inbox = inbox;
        _time = time;
        _logger = logger;
        var model = contexts.Get().Model;
        Limits = new RequestLimits(contexts.Vocabulary, Math.Min(model.ContextTokens, model.ContextCells));
        Cache = new PrefixCache(model);
        Scheduler = new Scheduler(options, Cache, _cost);
        _metrics = new EngineMetrics(() => Scheduler.Waiting.Count, () => Scheduler.Running.Count, () => Cache.CellsInUse);
        _drafter = new Drafter(contexts.Vocabulary, options);
        _output = new SequenceOutput(contexts.Vocabulary, _metrics, time);
    }

    public Scheduler Scheduler { get; }

    public PrefixCache Cache { get; }

    /// <summary>Any thread.</summary>
    public RequestLimits Limits { get; }

    /// <summary>The context's runner; null while there is no context.</summary>
    public IModelRunner? Model => _contexts.Current?.Model;

    /// <summary>Steps run since the start.</summary>
    public long Steps { get; private set; }

    /// <summary>Read by other threads as a momentary figure.</summary>
    public int RunningCount => Scheduler.Running.Count;

    /// <summary>One turn: waits while there is nothing to do, then runs at most one step.</summary>
    public void RunOnce()
    {
        if (!Scheduler.HasWork) _inbox.Wait();
        _inbox.Reset();
        _inbox.TakeQuestions(); // first taken and last answered: what was asked for before a question is done when it looks
        EndStopped();    // before others come: nobody gives way to those who have left
        TakeRequests();
        _inbox.AnswerQuestions();

        if (!Scheduler.HasWork || !TryGetContext(out var context)) return;
        var plan = Scheduler.PlanStep();
        while (Scheduler.TryDrop(out var dropped))
        {
            _output.Complete(dropped, FinishReason.Overloaded);
        }

        _drafter.Extend(plan);
        if (plan.TotalTokens > 0) RunStep(context, plan);
    }

    /// <summary>On a new engine thread: the one before hangs in a step, with its context.</summary>
    public void TakeOver()
    {
        _contexts.Abandon();
        Lose(_plan!, "hung", "A step hung in the backend and could not be aborted.");
    }

    /// <summary>The engine is being disposed: from now on every step ends at once. Any thread.</summary>
    public void Hurry() => _contexts.Hurry();

    public void StopAll() => EndAll(FinishReason.Cancelled, fault: null);

    public void FailAll(string fault) => EndAll(FinishReason.Faulted, fault);

    public void Dispose()
    {
        _contexts.Dispose();
        _metrics.Dispose();
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
        foreach (var sequence in sequences)
        {
            if (sequence.Ticket.StopAsked != FinishReason.None) _ended.Add(sequence);
        }
    }

    /// <returns>False where none can be made: everybody has been told.</returns>
    private bool TryGetContext(out StepRunner context)
    {
        context = _contexts.Current!;
        if (context is not null) return true;
        try
        {
            context = _contexts.Get();
            Cache.Attach(context.Model);
            return true;
        }
        catch (EngineException e)
        {
            _logger.LogError(e, "There is no context to run in.");
            EndEverything(FinishReason.Faulted, e.Message);
            return false;
        }
    }

    private void RunStep(StepRunner context, StepPlan plan)
    {
        _plan = plan;
        var began = _time.GetTimestamp();
        foreach (var slice in plan.Slices)
        {
            if (slice.Sequence.StartedAt == 0) slice.Sequence.StartedAt = began;
        }

        try
        {
            var shape = StepShape.Of(plan); // before the books move on
            Settle(context.Model, plan, context.Run(plan, LimitOf(context, shape)), shape, began);
        }
        catch (EngineException e)
        {
            _logger.LogError(e, "A step failed; its context is made anew, and its requests get one more chance.");
            _contexts.Discard();
            Lose(plan, "failed", e.Message);
        }
    }

    /// <summary>The first step of a context has nothing to be compared to: it may have to read the weights from disk.</summary>
    private TimeSpan LimitOf(StepRunner context, StepShape shape)
    {
        var expected = context.IsWarm ? _cost.Predict(shape) : null;
        var limit = (expected ?? _options.WatchdogLimit) * Overrun;
        return limit > _options.WatchdogLimit ? limit : _options.WatchdogLimit;
    }

    private void Settle(IModelRunner model, StepPlan plan, StepStatus status, StepShape shape, long began)
    {
        Steps++;
        var time = _time.GetElapsedTime(began);
        if (status == StepStatus.Completed) Observe(plan, shape, time);
        _metrics.StepTime.Record(time.TotalMilliseconds);
        _metrics.Occupancy.Record(plan.Slices.Count);
        switch (status)
        {
            case StepStatus.Completed:
                Deliver(model, plan);
                break;
            case StepStatus.Aborted:
                foreach (var slice in plan.Slices)
                {
                    Account(slice, model.Length(slice.Sequence.Slot!.Id) - slice.Sequence.ComputedTokens);
                    ForgetDraft(slice); // computed in part or not, nobody can tell how much of it was right

                    // Its own part was computed, but the logits went with the step: its last token is computed again for them.
                    if (slice.Sequence.PendingTokens == 0) Cache.Truncate(slice.Sequence.Slot, slice.Sequence.ComputedTokens - 1);
                }

                break;
            case StepStatus.NoCells:
                // The books promise every running sequence its cells, so this is the backend's own overhead: give it room.
                if (!Cache.TryEvict()) throw new EngineException("The KV cache has no room left for a step that was promised it.");
                break;
        }
    }

    private void Deliver(IModelRunner model, StepPlan plan)
    {
        var slices = plan.Slices;
        for (var i = 0; i < slices.Count; i++)
        {
            var slice = slices[i];
            var wantsLogits = slice.WantsLogits; // before the books move on
            Account(slice, slice.Length);
            TracedToken? traced = null;
            var reason = FinishReason.None;
            if (wantsLogits && slice.Sequence.Ticket.StopAsked == FinishReason.None) reason = Choose(model, slice, i, out traced);
            ForgetDraft(slice);
            if (reason != FinishReason.None) End(slice.Sequence, reason, traced);
        }
    }

    /// <summary>Chooses the token after a slice, and goes on as long as the draft has foreseen the choice.</summary>
    private FinishReason Choose(IModelRunner model, StepSlice slice, int index, out TracedToken? traced)
    {
        var sequence = slice.Sequence;
        var draft = slice.Draft.Span;
        sequence.DraftedTokens += draft.Length;
        for (var accepted = 0; ; accepted++)
        {
            var reason = _output.Choose(sequence, model.Logits(index, accepted), out traced);
            if (reason != FinishReason.None || accepted == draft.Length || sequence.Tokens[^1] != draft[accepted]) return reason;
            sequence.Slot!.Append(sequence.Tokens, sequence.ComputedTokens, 1); // the step has computed it already
            sequence.AcceptedTokens++;
        }
    }

    /// <summary>Of a draft only that stays in the KV cache which the books have taken in.</summary>
    private void ForgetDraft(StepSlice slice)
    {
        if (!slice.Draft.IsEmpty && !Cache.TryForgetDraft(slice.Sequence.Slot!)) _drafter.TurnOff();
    }

    private void Observe(StepPlan plan, StepShape shape, TimeSpan time)
    {
        if (!plan.HasDraft) _cost.Observe(shape, time); // a drafted token is neither a sequence nor a prompt's
        _drafter.Observe(plan, time);
    }

    /// <summary>Books what a step computed of a slice; drafted tokens are wasted like others when nobody wants them any more.</summary>
    private static void Account(StepSlice slice, int computed)
    {
        var sequence = slice.Sequence;
        if (computed <= 0) return;
        sequence.Slot!.Append(sequence.Tokens, sequence.ComputedTokens, Math.Min(computed, slice.Count));
        if (sequence.Ticket.StopAsked != FinishReason.None) sequence.TokensAfterStop += computed;
    }

    /// <summary>A step took the context with it. Its requests run once more from what they have, unseen by who reads; a second time ends them.</summary>
    private void Lose(StepPlan plan, string reason, string fault)
    {
        _metrics.ContextsLost.Add(1, new KeyValuePair<string, object?>("reason", reason));
        foreach (var slice in plan.Slices)
        {
            var sequence = slice.Sequence;
            if (sequence.State != SequenceState.Running) continue; // it had ended by itself before another's logits failed
            if (sequence.WasRetried) End(sequence, FinishReason.Faulted, fault: fault);
            sequence.WasRetried = true;
        }

        Scheduler.PreemptAll();
        Cache.Detach();
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
    }

    private void End(Sequence sequence, FinishReason reason, TracedToken? traced = null, string? fault = null)
    {
        Scheduler.Finish(sequence);
        _drafter.End(sequence, reason);
        _output.Complete(sequence, reason, traced, fault);
    }
}
