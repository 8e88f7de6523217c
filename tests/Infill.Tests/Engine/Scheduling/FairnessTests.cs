using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

/// <summary>Who gets a place, and who is computed first: priorities, quotas, shares and age.</summary>
public sealed class FairnessTests
{
    [Fact]
    public void Of_two_clients_the_one_that_was_served_less_goes_first()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 1 });
        var running = bench.AddDecoding(client: "served");
        bench.Add(1, client: "served");
        var patient = bench.Add(1, client: "patient");
        bench.Plan();
        bench.Scheduler.Finish(running);

        bench.Plan();

        Assert.Equal([patient], bench.Scheduler.Running);
    }

    [Fact]
    public void Who_comes_back_has_no_credit_for_the_time_away()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 1 });
        bench.Scheduler.Finish(bench.AddDecoding(client: "away")); // served once, long ago
        for (var i = 0; i < 50; i++) bench.Scheduler.Finish(bench.AddDecoding(client: "busy"));
        var running = bench.AddDecoding(client: "busy");

        var order = new List<string>();
        foreach (var client in new[] { "away", "busy", "away", "busy" }) bench.Add(1, maxTokens: 1, client: client);
        bench.Scheduler.Finish(running);
        while (bench.Scheduler.HasWork)
        {
            bench.Step();
            var served = Assert.Single(bench.Scheduler.Running);
            order.Add(served.Client.Name);
            bench.Scheduler.Finish(served);
        }

        Assert.Equal(["away", "busy", "away", "busy"], order);
    }

    [Fact]
    public void A_client_takes_no_more_than_its_share_while_others_wait()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 4 });
        for (var i = 0; i < 6; i++) bench.Add(1, client: "loud");
        for (var i = 0; i < 2; i++) bench.Add(1, client: "quiet");

        bench.Plan();

        Assert.Equal(["loud", "loud", "quiet", "quiet"], bench.Scheduler.Running.Select(static sequence => sequence.Client.Name).Order());
    }

    [Fact]
    public void Where_nobody_else_waits_a_client_takes_every_place()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 4 });
        bench.AddDecoding(client: "quiet");
        for (var i = 0; i < 6; i++) bench.Add(1, client: "loud");

        bench.Plan();

        Assert.Equal(3, bench.Scheduler.Running.Count(static sequence => sequence.Client.Name == "loud"));
    }

    [Fact]
    public void Look_ahead_takes_half_of_the_places_at_most()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 4 });
        for (var i = 0; i < 4; i++) bench.Add(1, priority: RequestPriority.LookAhead);

        bench.Plan();

        Assert.Equal(2, bench.Scheduler.Running.Count);
    }

    [Fact]
    public void Look_ahead_gets_no_place_while_an_invoked_request_waits()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 4 }, new ScriptedModel(contextCells: 30));
        bench.Add(4, maxTokens: 8, kind: 'a');
        bench.Plan();
        var invoked = bench.Add(20, priority: RequestPriority.Invoked, kind: 'b'); // there are no cells for it yet
        var ahead = bench.Add(1, priority: RequestPriority.LookAhead, kind: 'c');

        bench.Plan();

        Assert.Equal((SequenceState.Waiting, SequenceState.Waiting), (invoked.State, ahead.State));
    }

    [Fact]
    public void Look_ahead_leaves_its_place_to_a_request_that_somebody_waits_for_and_goes_on_later_where_it_was()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 1 });
        var ahead = bench.AddDecoding('a', maxTokens: 4, RequestPriority.LookAhead);
        bench.Step();
        var typed = bench.Add(3, kind: 'b');

        var plan = bench.Step();

        Assert.Equal([new(typed, 3)], plan.Slices);
        Assert.Equal((SequenceState.Waiting, 2), (ahead.State, ahead.GeneratedTokens));
        bench.Scheduler.Finish(typed);
        Assert.Equal([new(ahead, 1)], bench.Step().Slices); // its cache was kept
    }

    [Fact]
    public void The_most_urgent_prompt_is_computed_first_though_it_came_last()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxBatchTokens = 16 });
        var pasted = bench.Add(100, kind: 'a');
        bench.Step();
        var invoked = bench.Add(10, priority: RequestPriority.Invoked, kind: 'b');

        var plan = bench.Plan();

        Assert.Equal([new(invoked, 10), new(pasted, 6)], plan.Slices);
    }

    [Fact]
    public void A_smaller_request_passes_one_that_there_are_no_cells_for()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(contextCells: 30));
        bench.Add(4, maxTokens: 8, kind: 'a');
        bench.Plan();
        var large = bench.Add(20, kind: 'b');
        var small = bench.Add(2, kind: 'c');

        bench.Plan();

        Assert.Equal((SequenceState.Waiting, SequenceState.Running), (large.State, small.State));
    }

    [Fact]
    public void Look_ahead_is_served_though_invoked_requests_never_cease()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 1, AgingSteps = 10 });
        bench.Add(1, maxTokens: 1, RequestPriority.Invoked);
        var ahead = bench.Add(1, maxTokens: 1, RequestPriority.LookAhead, client: "other");

        var steps = 0;
        for (; ahead.State == SequenceState.Waiting; steps++)
        {
            bench.Add(1, maxTokens: 1, RequestPriority.Invoked);
            bench.Step();
            foreach (var done in bench.Scheduler.Running.ToList()) bench.Scheduler.Finish(done);
        }

        Assert.InRange(steps, 20, 31);
    }
}
