using System.Globalization;
using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

#pragma warning disable CA5394 // repeatable by seed
/// <summary>Whatever comes: nobody starves, no quota is exceeded, and no place is empty that somebody could have.</summary>
public sealed class SchedulerPropertyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(200)]
    public void Whatever_comes_nobody_starves_and_no_place_is_wasted(int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + 40; seed++)
        {
            using var life = new SchedulerLife(seed);
            life.Run(steps: 1500);
        }
    }
}

/// <summary>A scheduler under a random load, watched at every step.</summary>
internal sealed class SchedulerLife : IDisposable
{
    private const int MaxPrompt = 60;
    private const int MaxTokens = 10;

    private readonly Random _random;
    private readonly EngineOptions _options;
    private readonly SchedulerBench _bench;
    private readonly List<Sequence> _alive = [];
    private readonly Dictionary<Sequence, int> _since = []; // the step that it came before
    private int _step;
    private int _served;
    private int _dropped;
    private int _longestWait;

    public SchedulerLife(int seed)
    {
        _random = new Random(seed);
        _options = new EngineOptions
        {
            MaxRunning = _random.Next(1, 6),
            MaxBatchTokens = _random.Next(8, 80),
            MaxWaiting = _random.Next(3, 24),
            AgingSteps = _random.Next(2, 30),
            Quotas = new QuotaOptions
            {
                RunningPerClient = _random.Next(3) == 0 ? _random.Next(1, 4) : null,
                RunningLookAhead = _random.Next(2) == 0 ? _random.Next(1, 4) : null,
                WaitingPerClient = _random.Next(2, 16),
                WaitingLookAhead = _random.Next(1, 8),
            },
        };
        var layout = (KvLayout)_random.Next(2);
        var cells = layout == KvLayout.Unified ? _random.Next(80, 300) : 4096;
        _bench = new SchedulerBench(_options, new ScriptedModel(cells, maxSequences: _random.Next(1, 9)) { Layout = layout });
        if (_random.Next(2) == 0) return; // else prefill is paced
        _bench.Cost.Observe(new StepShape(1, 0), TimeSpan.FromMilliseconds(_random.Next(1, 30)));
        _bench.Cost.Observe(new StepShape(0, 16), TimeSpan.FromMilliseconds(_random.Next(5, 60)));
        _bench.Cost.Observe(new StepShape(0, 64), TimeSpan.FromMilliseconds(_random.Next(20, 120)));
    }

    public void Run(int steps)
    {
        var load = _random.Next(1, 4);
        for (_step = 1; _step <= steps; _step++)
        {
            for (var i = _random.Next(load + 1); i > 0; i--) Arrive();
            if (_alive.Count == 0) continue;
            var plan = _bench.Scheduler.PlanStep();
            CheckThatNoPlaceIsWasted();
            while (_bench.Scheduler.TryDrop(out var dropped)) Drop(dropped);
            CheckQuotasAndWaits();
            Assert.True(plan.TotalTokens > 0, "Somebody is there, and nothing is done.");
            Compute(plan);
            LeaveAtRandom();
        }

        Assert.True(_served > 0);
        TestContext.Current.TestOutputHelper?.WriteLine($"{_served} served, the longest wait {_longestWait} steps of {WaitLimit}, {_dropped} gave way");
    }

    public void Dispose() => _bench.Dispose();

    private int Places => Math.Min(_options.MaxRunning, _options.MaxBatchTokens);

    /// <summary>
    /// Until a request is overdue, anybody may pass it; from then on only those that were there before, each for as long as it
    /// takes alone, with prefill held back in all but every sixth step at worst (pauses are at most half as long as a tile takes).
    /// </summary>
    private int WaitLimit
    {
        get
        {
            var chunk = Math.Min(8, _options.MaxBatchTokens - Places + 1);
            var alone = (6 * MaxPrompt / chunk) + MaxTokens;
            return (3 * _options.AgingSteps) + ((_options.MaxWaiting + Places) * alone);
        }
    }

    private void Arrive()
    {
        var client = Math.Min(_random.Next(6), 3); // one sends as much as the three others together
        var sequence = _bench.Add(
            _random.Next(1, MaxPrompt + 1), _random.Next(1, MaxTokens + 1), (RequestPriority)_random.Next(3),
            (char)('a' + _random.Next(4)), client.ToString(CultureInfo.InvariantCulture));
        _alive.Add(sequence);
        _since[sequence] = _step;
    }

    private void Drop(Sequence sequence)
    {
        Assert.Equal(SequenceState.Finished, sequence.State);
        Assert.True(_alive.Remove(sequence));
        _dropped++;
    }

    private void CheckThatNoPlaceIsWasted()
    {
        if (_bench.Scheduler.Running.Count == Places) return;
        Assert.All(_bench.Scheduler.Waiting, sequence => Assert.True(IsKeptOut(sequence), "A place is empty that somebody could have."));
    }

    private void CheckQuotasAndWaits()
    {
        var running = _bench.Scheduler.Running;
        var waiting = _bench.Scheduler.Waiting;
        var quotas = _options.Quotas;
        Assert.Equal(_alive.Count, running.Count + waiting.Count);
        Assert.True(running.Count <= Places);
        Assert.True(running.Count(sequence => IsLookAhead(sequence) && !IsOverdue(sequence)) <= LookAheadPlaces);
        foreach (var client in running.GroupBy(static sequence => sequence.Client))
        {
            Assert.Equal(client.Count(), client.Key.Running);
            Assert.True(client.Count() <= (quotas.RunningPerClient ?? int.MaxValue));
        }

        Assert.True(waiting.Count <= _options.MaxWaiting);
        Assert.True(waiting.Count(IsLookAhead) <= quotas.WaitingLookAhead);
        foreach (var client in waiting.GroupBy(static sequence => sequence.Client)) Assert.True(client.Count() <= quotas.WaitingPerClient);

        _longestWait = Math.Max(_longestWait, waiting.Select(sequence => _step - _since[sequence]).DefaultIfEmpty().Max());
        Assert.True(_longestWait <= WaitLimit, $"A request waits for {_longestWait} steps.");
    }

    private bool IsKeptOut(Sequence sequence)
    {
        var cells = _bench.Cache.Slots.Sum(static slot => slot.Owner?.CellsNeeded ?? 0);
        return (_bench.Model.Layout == KvLayout.Unified && cells + sequence.CellsNeeded > _bench.Model.ContextCells)
            || _bench.Scheduler.Running.Count == _bench.Model.MaxSequences
            || sequence.Client.Running >= _options.Quotas.RunningPerClient
            || (IsLookAhead(sequence) && !MayLookAhead())
            || _bench.Scheduler.Waiting.Any(IsOverdue); // cells are kept for the one that nobody may pass any more
    }

    private int LookAheadPlaces => _options.Quotas.RunningLookAhead ?? Math.Max(1, Places / 2);

    private bool MayLookAhead() =>
        _bench.Scheduler.Running.Count(IsLookAhead) < LookAheadPlaces
        && !_bench.Scheduler.Waiting.Any(static sequence => sequence.Ticket.Request.Priority == RequestPriority.Invoked);

    private void Compute(StepPlan plan)
    {
        Assert.Equal(StepStatus.Completed, _bench.Model.Run(plan, static () => false));
        for (var i = 0; i < plan.Slices.Count; i++)
        {
            var slice = plan.Slices[i];
            var sequence = slice.Sequence;
            var wants = slice.WantsLogits;
            sequence.Slot!.Append(sequence.Tokens, sequence.ComputedTokens, slice.Count);
            if (!wants) continue;
            sequence.Append(sequence.Sampler.Next(_bench.Model.Logits(i)));
            if (sequence.GeneratedTokens == sequence.Ticket.Request.MaxTokens) End(sequence);
        }
    }

    private void End(Sequence sequence)
    {
        _bench.Scheduler.Finish(sequence);
        _alive.Remove(sequence);
        _served++;
    }

    private void LeaveAtRandom()
    {
        if (_alive.Count > 0 && _random.Next(10) == 0) End(_alive[_random.Next(_alive.Count)]);
    }

    private bool IsOverdue(Sequence sequence) => _step - _since[sequence] >= (3 * _options.AgingSteps) - 1;

    private static bool IsLookAhead(Sequence sequence) => sequence.Ticket.Request.Priority == RequestPriority.LookAhead;
}
#pragma warning restore CA5394
