using Infill.Engine.Caching;
using Infill.Engine.Drafting;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine;

/// <summary>What the engine thread does: take requests, plan a step, run it, choose tokens, deliver text.</summary>
internal sealed class EngineLoop : IDisposable
{
    private readonly IModelRunner _model;
    private readonly EngineInbox _inbox;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EngineMetrics _metrics;
    private readonly List<Sequence> _ended = [];
    private readonly List<Action> _questions = [];
    private readonly Func<bool> _isStopping;
    private readonly StepAbort _abort;
    private readonly StepCost _cost;
    private readonly Drafter _drafter;
    private readonly SequenceOutput _output;

    /// <param name="model">Owned by the engine, which disposes it.</param>
    /// <param name="options">Budgets and limits.</param>
    /// <param name="inbox">Where requests come from.</param>
    /// <param name="isStopping">Whether the engine is being disposed; then steps end early.</param>
    /// <param name="time">Clock of deadlines and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    public EngineLoop(
        IModelRunner model, EngineOptions options, EngineInbox inbox, Func<bool> isStopping, TimeProvider time, ILogger logger)
    {
        _model = model;
        _inbox = inbox;
        _time = time;
        _logger = logger;
        Cache = new PrefixCache(model);
        _cost = new StepCost();
        Scheduler = new Scheduler(options, Cache, _cost);
        _metrics = new EngineMetrics(() => Scheduler.Waiting.Count, () => Scheduler.Running.Count, () => Cache.CellsInUse);
        _drafter = new Drafter(model.Vocabulary, options);
        _output = new SequenceOutput(model.Vocabulary, _metrics, time);
        _isStopping = isStopping;
        _abort = new StepAbort(inbox, isStopping);
    }

    public Scheduler Scheduler { get; }

    public PrefixCache Cache { get; }

    public IModelRunner Model => _model;

    /// <summary>Steps run since the start.</summary>
    public long Steps { get; private set; }

    /// <summary>Tokens that one sequence may have, prompt and generated ones together. Any thread.</summary>
    public int MaxSequenceTokens => Math.Min(_model.ContextTokens, _model.ContextCells);

    /// <summary>Read by other threads as a momentary figure.</summary>
    public int RunningCount => Scheduler.Running.Count;

    /// <summary>Any thread.</summary>
    /// <exception cref="EngineException">The request can never run on this model.</exception>
    public void Validate(GenerationRequest request)
    {
        if (request.Prompt.Count == 0) throw new EngineException("The prompt is empty; it needs at least one token.");
        foreach (var token in request.Prompt)
        {
            // llama.cpp refuses the whole batch for one bad token: others would be faulted with it.
            if ((uint)token >= (uint)_model.Vocabulary.Size) throw new EngineException($"The prompt holds token {token}; the model has tokens 0 to {_model.Vocabulary.Size - 1}.");
        }

        if (request.MaxTokens < 1) throw new EngineException("The token limit must be at least 1.");

        var limit = MaxSequenceTokens;
        if ((long)request.Prompt.Count + request.MaxTokens > limit)
        {
            throw new EngineException(
                $"A prompt of {request.Prompt.Count} tokens and {request.MaxTokens} to generate need more than the model's context of {limit}; shorten the prompt.");
        }
    }

    /// <summary>One turn: waits while there is nothing to do, then runs at most one step.</summary>
    public void RunOnce()
    {
        if (!Scheduler.HasWork) _inbox.Wait();
        _inbox.Reset();
        TakeQuestions(); // first taken and last answered: what was asked for before a question is done when it looks
        EndStopped();    // before others come: nobody gives way to those who have left
        TakeRequests();
        AnswerQuestions();

        var plan = Scheduler.PlanStep();
        while (Scheduler.TryDrop(out var dropped))
        {
            _output.Complete(dropped, FinishReason.Overloaded);
        }

        _drafter.Extend(plan);
        if (plan.TotalTokens > 0 && !_isStopping()) RunStep(plan);
    }

    public void StopAll() => EndAll(FinishReason.Cancelled, fault: null);

    public void FailAll(string fault) => EndAll(FinishReason.Faulted, fault);

    public void Dispose() => _metrics.Dispose();

    private void TakeQuestions()
    {
        while (_inbox.TryTakeQuestion(out var question))
        {
            _questions.Add(question);
        }
    }

    private void AnswerQuestions()
    {
        foreach (var question in _questions)
        {
            question();
        }

        _questions.Clear();
    }

    private void TakeRequests()
    {
        while (_inbox.TryTake(out var ticket))
        {
            var sequence = new Sequence(ticket, _model.Vocabulary);
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

    private void RunStep(StepPlan plan)
    {
        var began = _time.GetTimestamp();
        foreach (var slice in plan.Slices)
        {
            if (slice.Sequence.StartedAt == 0) slice.Sequence.StartedAt = began;
        }

        try
        {
            var shape = StepShape.Of(plan); // before the books move on
            Settle(plan, _model.Run(plan, _abort.For(plan)), shape, began);
        }
        catch (EngineException e)
        {
            _logger.LogError(e, "A step failed; its requests are answered as faulted.");
            FailStep(plan, e.Message);
        }
    }

    private void Settle(StepPlan plan, StepStatus status, StepShape shape, long began)
    {
        Steps++;
        _abort.LastWasAborted = status == StepStatus.Aborted;
        var time = _time.GetElapsedTime(began);
        if (status == StepStatus.Completed) Observe(plan, shape, time);
        _metrics.StepTime.Record(time.TotalMilliseconds);
        _metrics.Occupancy.Record(plan.Slices.Count);
        switch (status)
        {
            case StepStatus.Completed:
                Deliver(plan);
                break;
            case StepStatus.Aborted:
                foreach (var slice in plan.Slices)
                {
                    Account(slice, _model.Length(slice.Sequence.Slot!.Id) - slice.Sequence.ComputedTokens);
                    ForgetDraft(slice); // computed in part or not, nobody can tell how much of it was right

                    // Its own part was computed, but the logits went with the step: its last token is computed again for them.
                    if (slice.Sequence.PendingTokens == 0) Cache.Truncate(slice.Sequence.Slot, slice.Sequence.ComputedTokens - 1);
                }

                break;
            case StepStatus.NoCells:
                // The books promise every running sequence its cells, so this is the backend's own overhead: give it room.
                if (!Cache.TryEvict()) FailStep(plan, "The KV cache has no room left for a step that was promised it.");
                break;
        }
    }

    private void Deliver(StepPlan plan)
    {
        var slices = plan.Slices;
        for (var i = 0; i < slices.Count; i++)
        {
            var slice = slices[i];
            var wantsLogits = slice.WantsLogits; // before the books move on
            Account(slice, slice.Length);
            TracedToken? traced = null;
            var reason = FinishReason.None;
            if (wantsLogits && slice.Sequence.Ticket.StopAsked == FinishReason.None) reason = Choose(slice, i, out traced);
            ForgetDraft(slice);
            if (reason != FinishReason.None) End(slice.Sequence, reason, traced);
        }
    }

    /// <summary>Chooses the token after a slice, and goes on as long as the draft has foreseen the choice.</summary>
    private FinishReason Choose(StepSlice slice, int index, out TracedToken? traced)
    {
        var sequence = slice.Sequence;
        var draft = slice.Draft.Span;
        sequence.DraftedTokens += draft.Length;
        for (var accepted = 0; ; accepted++)
        {
            var reason = _output.Choose(sequence, _model.Logits(index, accepted), out traced);
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

    private void FailStep(StepPlan plan, string fault)
    {
        foreach (var slice in plan.Slices)
        {
            if (slice.Sequence.Slot is not { } slot) continue; // it had ended by itself before another's logits failed
            Cache.Reconcile(slot);
            End(slice.Sequence, FinishReason.Faulted, fault: fault);
            Cache.Evict(slot); // nothing that a failed step touched is trusted
        }
    }

    private void EndAll(FinishReason reason, string? fault)
    {
        _inbox.Close(); // what comes later is answered by CompletionEngine itself
        TakeQuestions();
        TakeRequests();
        _ended.Clear();
        _ended.AddRange(Scheduler.Running);
        _ended.AddRange(Scheduler.Waiting);
        foreach (var sequence in _ended)
        {
            End(sequence, reason, fault: fault);
        }

        AnswerQuestions();
    }

    private void End(Sequence sequence, FinishReason reason, TracedToken? traced = null, string? fault = null)
    {
        Scheduler.Finish(sequence);
        _drafter.End(sequence, reason);
        _output.Complete(sequence, reason, traced, fault);
    }
}
