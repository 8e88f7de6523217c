using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void Decoding_goes_first_though_a_prefill_was_admitted_before()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxBatchTokens = 6 });
        var typing = bench.AddDecoding();
        var pasted = bench.Add(100);
        bench.Step();
        var late = bench.Add(1); // one token lacks: no more work than a decode step

        var plan = bench.Scheduler.PlanStep();

        Assert.Equal([new(typing, 1), new(late, 1), new(pasted, 4)], plan.Slices);
    }

    [Fact]
    public void A_long_prompt_prefills_only_in_what_running_completions_leave()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxBatchTokens = 8 });
        var typing = bench.AddDecoding();
        var pasted = bench.Add(100);

        var plan = bench.Scheduler.PlanStep();

        Assert.Equal([new(typing, 1), new(pasted, 7)], plan.Slices);
    }

    [Fact]
    public void Where_each_sequence_has_a_stream_prefill_and_decoding_take_turns()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel { Layout = KvLayout.Streams });
        var typing = bench.AddDecoding(maxTokens: 16);
        var pasted = bench.Add(promptTokens: 200);

        var steps = Enumerable.Range(0, 4).Select(_ => bench.Step().Slices.Select(static slice => slice.Sequence).ToArray()).ToList();

        Assert.Equal([[pasted], [typing], [pasted], [typing]], steps);
    }

    [Fact]
    public void What_little_is_left_of_a_cached_prompt_joins_the_batch_at_once()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel { Layout = KvLayout.Streams });
        var typing = bench.AddDecoding(maxTokens: 16);
        var known = bench.Add(promptTokens: 3);

        Assert.Equal([new(typing, 1), new(known, 3)], bench.Plan().Slices);
    }

    [Fact]
    public void A_prompt_alone_takes_the_whole_batch()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxBatchTokens = 64 });
        var pasted = bench.Add(128);

        var plan = bench.Scheduler.PlanStep();

        Assert.Equal([new(pasted, 64)], plan.Slices);
    }

    [Fact]
    public void No_more_run_than_one_batch_has_tokens_for()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxBatchTokens = 4, MaxRunning = 8 });
        for (var i = 0; i < 6; i++) bench.Add(1, kind: (char)('a' + i));
        bench.Step();

        var plan = bench.Scheduler.PlanStep();

        Assert.Equal((4, 4), (plan.TotalTokens, bench.Scheduler.Running.Count));
    }

    [Fact]
    public void Requests_join_and_leave_between_steps()
    {
        using var bench = new SchedulerBench();
        var first = bench.AddDecoding('a');
        var second = bench.Add(3, kind: 'b');
        bench.Step();
        bench.Scheduler.Finish(first);

        var plan = bench.Scheduler.PlanStep();

        Assert.Equal([new(second, 1)], plan.Slices);
        Assert.Equal(SequenceState.Finished, first.State);
    }

    [Fact]
    public void A_request_made_by_hand_is_admitted_before_automatic_ones_and_these_before_look_ahead()
    {
        using var bench = new SchedulerBench();
        var ahead = bench.Add(1, priority: RequestPriority.LookAhead);
        var typed = bench.Add(1, priority: RequestPriority.Automatic);
        var typedLater = bench.Add(1, priority: RequestPriority.Automatic);
        var invoked = bench.Add(1, priority: RequestPriority.Invoked);

        bench.Scheduler.PlanStep();

        Assert.Equal([invoked, typed, typedLater, ahead], bench.Scheduler.Running);
    }

    [Fact]
    public void No_more_run_than_may_run()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 2 });
        for (var i = 0; i < 3; i++) bench.Add(1);

        bench.Scheduler.PlanStep();

        Assert.Equal((2, 1), (bench.Scheduler.Running.Count, bench.Scheduler.Waiting.Count));
    }

    [Fact]
    public void Admission_waits_for_cells_that_running_requests_were_promised()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(contextCells: 30));
        var first = bench.Add(10, maxTokens: 10, kind: 'a');
        var second = bench.Add(10, maxTokens: 10, kind: 'b');
        bench.Step();
        Assert.Equal(SequenceState.Waiting, second.State);
        bench.Scheduler.Finish(first);

        var plan = bench.Scheduler.PlanStep();

        Assert.Equal([new(second, 10)], plan.Slices);
    }

    [Fact]
    public void A_waiting_request_that_leaves_is_never_admitted()
    {
        using var bench = new SchedulerBench();
        var gone = bench.Add(1);
        bench.Scheduler.Finish(gone);

        var plan = bench.Scheduler.PlanStep();

        Assert.Empty(plan.Slices);
        Assert.False(bench.Scheduler.HasWork);
    }
}
