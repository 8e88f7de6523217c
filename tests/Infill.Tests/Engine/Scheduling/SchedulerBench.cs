using Infill.Engine;
using Infill.Engine.Caching;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine.Scheduling;

/// <summary>A scheduler, its cache and a model on the test's own thread, with the engine loop's bookkeeping done by hand.</summary>
internal sealed class SchedulerBench : IDisposable
{
    private readonly EngineInbox _inbox = new();

    public SchedulerBench(EngineOptions? options = null, ScriptedModel? model = null)
    {
        Model = model ?? new ScriptedModel();
        Cache = new PrefixCache(Model);
        Cost = new StepCost();
        Scheduler = new Scheduler(options ?? new EngineOptions(), Cache, Cost);
    }

    public ScriptedModel Model { get; }

    public PrefixCache Cache { get; }

    public StepCost Cost { get; }

    public Scheduler Scheduler { get; }

    /// <summary>Sequences that had to give way when steps were planned, in that order.</summary>
    public List<Sequence> Dropped { get; } = [];

    public Sequence Add(IReadOnlyList<int> prompt, int maxTokens = 8, RequestPriority priority = RequestPriority.Automatic, string client = "")
    {
        var sequence = Waiting(prompt, maxTokens, priority, client);
        Scheduler.Add(sequence);
        return sequence;
    }

    public Sequence Add(int promptTokens, int maxTokens = 8, RequestPriority priority = RequestPriority.Automatic, char kind = 'x', string client = "") =>
        Add(Prompts.Long(promptTokens, kind), maxTokens, priority, client);

    /// <summary>A sequence whose prompt is computed and whose first token is chosen.</summary>
    public Sequence AddDecoding(char kind = 'd', int maxTokens = 8, RequestPriority priority = RequestPriority.Automatic, string client = "")
    {
        var sequence = Add(4, maxTokens, priority, kind, client);
        while (sequence.GeneratedTokens == 0) Step();
        return sequence;
    }

    /// <summary>Not yet handed to the scheduler.</summary>
    public Sequence Waiting(IReadOnlyList<int> prompt, int maxTokens = 8, RequestPriority priority = RequestPriority.Automatic, string client = "") =>
        Waiting(new GenerationRequest(prompt) { MaxTokens = maxTokens, Priority = priority, Client = client });

    public Sequence Waiting(GenerationRequest request) => new(new Ticket(request, _inbox, 0), Model.Vocabulary);

    /// <summary>Acquires a slot for a prompt, computes all of it, and lets go of it again.</summary>
    public Slot Cached(IReadOnlyList<int> prompt)
    {
        var sequence = Add(prompt, maxTokens: 1);
        while (sequence.PendingTokens > 0 || sequence.State == SequenceState.Waiting) Step(choose: false);
        var slot = sequence.Slot!;
        Scheduler.Finish(sequence);
        return slot;
    }

    /// <summary>Plans a step, and lets those go that have to give way.</summary>
    public StepPlan Plan()
    {
        var plan = Scheduler.PlanStep();
        while (Scheduler.TryDrop(out var dropped)) Dropped.Add(dropped);
        return plan;
    }

    public StepPlan Step(bool choose = true)
    {
        var plan = Plan();
        if (plan.TotalTokens == 0) throw new InvalidOperationException("Nothing could run.");
        if (Model.Run(plan, static () => false) != StepStatus.Completed) throw new InvalidOperationException("The step did not complete.");
        for (var i = 0; i < plan.Slices.Count; i++)
        {
            var (sequence, count) = plan.Slices[i];
            var wants = plan.Slices[i].WantsLogits;
            sequence.Slot!.Append(sequence.Tokens, sequence.ComputedTokens, count);
            if (wants && choose) sequence.Append(sequence.Sampler.Next(Model.Logits(i)));
        }

        return plan;
    }

    public void Dispose()
    {
        _inbox.Dispose();
        Model.Dispose();
    }
}
