using Infill.Engine;
using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

/// <summary>How much of a prompt goes into a step, alone and beside others.</summary>
public sealed class PrefillPaceTests
{
    [Theory]
    [InlineData(10, 512)]  // 0.08 ms a token: the whole batch
    [InlineData(100, 64)]  // 0.78 ms a token: 64 of them fit the budget
    [InlineData(2000, 64)] // slower than the budget allows: still a whole tile
    public void Alone_prefill_takes_as_many_tokens_as_were_measured_to_fit_its_budget(int millisecondsFor128, int tokens)
    {
        using var bench = new SchedulerBench();
        Observe(bench, 0, 128, millisecondsFor128);
        bench.Add(promptTokens: 1024);

        var plan = bench.Plan();

        Assert.Equal(tokens, plan.TotalTokens);
    }

    [Fact]
    public void Beside_a_running_completion_it_takes_what_fits_the_step_budget()
    {
        using var bench = new SchedulerBench();
        Observe(bench, 1, 0, 5);
        Observe(bench, 0, 64, 64);
        var typing = bench.AddDecoding();
        var pasted = bench.Add(1024);

        var plan = bench.Plan();

        Assert.Equal([new(typing, 1), new(pasted, 16)], plan.Slices); // whole eights in the 20 ms that are left
    }

    [Fact]
    public void On_a_fast_machine_whole_tiles_fit_beside_a_running_completion()
    {
        using var bench = new SchedulerBench();
        Observe(bench, 1, 0, 2);
        Observe(bench, 0, 64, 8);
        bench.AddDecoding();
        bench.Add(1024);

        var plan = bench.Plan();

        Assert.Equal(1 + 128, plan.TotalTokens);
    }

    [Fact]
    public void Where_small_chunks_are_dear_whole_tiles_alternate_with_steps_that_only_decode()
    {
        using var bench = DearBench();
        bench.AddDecoding(maxTokens: 100);
        bench.Add(1024);

        var steps = Enumerable.Range(0, 8).Select(_ => bench.Step().TotalTokens).ToList();

        // 65 ms and twice 5 ms for three tokens: 25 ms each, the step budget.
        Assert.Equal([65, 1, 1, 65, 1, 1, 65, 1], steps);
    }

    [Fact]
    public void Prefill_is_held_back_no_longer_than_half_of_what_it_takes_alone()
    {
        using var bench = new SchedulerBench();
        Observe(bench, 4, 0, 24); // hardly less than the budget: these would never have been paid for a tile
        Observe(bench, 0, 16, 50);
        Observe(bench, 0, 64, 60);
        foreach (var kind in "abcd") bench.AddDecoding(kind, maxTokens: 100);
        bench.Add(1024);

        var steps = Enumerable.Range(0, 4).Select(_ => bench.Step().TotalTokens).ToList();

        Assert.Equal([68, 4, 68, 4], steps); // 84 ms and 24 ms, where the tile takes 60 ms alone
    }

    [Fact]
    public void A_prompt_that_somebody_waits_for_does_not_yield_to_work_done_in_advance()
    {
        using var bench = DearBench();
        bench.AddDecoding(maxTokens: 100, priority: RequestPriority.LookAhead);
        bench.Add(1024);

        var steps = Enumerable.Range(0, 3).Select(_ => bench.Step().TotalTokens).ToList();

        Assert.Equal([64, 64, 64], steps);
    }

    [Fact]
    public void Work_done_in_advance_stands_still_while_somebody_waits_and_goes_on_after()
    {
        using var bench = DearBench();
        var typed = bench.AddDecoding(maxTokens: 100);
        var ahead = bench.Add(1024, priority: RequestPriority.LookAhead, kind: 'b');

        var beside = Enumerable.Range(0, 3).Select(_ => bench.Step().TotalTokens).ToList();
        bench.Scheduler.Finish(typed);
        var after = bench.Step();

        Assert.Equal([1, 1, 1], beside);
        Assert.Equal([ahead], after.Slices.Select(static slice => slice.Sequence));
    }

    [Fact]
    public void Work_done_in_advance_that_has_stood_still_for_long_goes_on_beside_what_somebody_waits_for()
    {
        using var bench = DearBench(agingSteps: 5);
        bench.AddDecoding(maxTokens: 100);
        bench.Add(1024, priority: RequestPriority.LookAhead, kind: 'b');

        var steps = Enumerable.Range(0, 6).Select(_ => bench.Step().TotalTokens > 1).ToList();

        Assert.Equal([false, false, false, false, true], steps[..5]);
    }

    [Fact]
    public void Of_a_prompt_that_is_cut_the_odd_part_goes_first()
    {
        using var bench = DearBench();
        bench.Add(170);

        var steps = Enumerable.Range(0, 3).Select(_ => bench.Step().TotalTokens).ToList();

        Assert.Equal([42, 64, 64], steps);
    }

    [Fact]
    public void A_small_odd_part_waits_so_that_every_step_gets_on()
    {
        using var bench = DearBench();
        bench.Add(129);

        var steps = Enumerable.Range(0, 3).Select(_ => bench.Step().TotalTokens).ToList();

        Assert.Equal([64, 64, 1], steps);
    }

    [Fact]
    public void Before_anything_was_measured_a_prompt_goes_on_by_tiles()
    {
        using var bench = new SchedulerBench();
        bench.AddDecoding();
        bench.Add(1024);

        var plan = bench.Plan();

        Assert.Equal(65, plan.TotalTokens);
    }

    /// <summary>As on two cores with 600 tokens of context: 16 tokens take half of what 64 take.</summary>
    private static SchedulerBench DearBench(int agingSteps = 200)
    {
        var bench = new SchedulerBench(new EngineOptions { AgingSteps = agingSteps });
        Observe(bench, 1, 0, 5);
        Observe(bench, 0, 16, 32);
        Observe(bench, 0, 64, 60);
        return bench;
    }

    private static void Observe(SchedulerBench bench, int decodeSequences, int prefillTokens, int milliseconds) =>
        bench.Cost.Observe(new StepShape(decodeSequences, prefillTokens), TimeSpan.FromMilliseconds(milliseconds));
}
