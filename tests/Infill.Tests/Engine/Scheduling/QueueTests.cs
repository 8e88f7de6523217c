using Infill.Engine;
using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

/// <summary>Who gives way when too many wait. One runs in each, so that the others have no place.</summary>
public sealed class QueueTests
{
    [Fact]
    public void Nobody_gives_way_while_a_place_is_free()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 2, MaxWaiting = 1 });
        for (var i = 0; i < 3; i++) bench.Add(1);

        bench.Plan();

        Assert.Empty(bench.Dropped);
        Assert.Equal((2, 1), (bench.Scheduler.Running.Count, bench.Scheduler.Waiting.Count));
    }

    [Fact]
    public void The_oldest_automatic_request_gives_way()
    {
        using var bench = BenchWith(maxWaiting: 2);
        bench.Add(1, priority: RequestPriority.Invoked);
        var oldest = bench.Add(1);
        bench.Add(1);

        bench.Plan();

        Assert.Equal([oldest], bench.Dropped);
        Assert.Equal(SequenceState.Finished, oldest.State);
    }

    [Fact]
    public void Look_ahead_gives_way_before_anything_else()
    {
        using var bench = BenchWith(maxWaiting: 2);
        bench.Add(1);
        var ahead = bench.Add(1, priority: RequestPriority.LookAhead);
        bench.Add(1);

        bench.Plan();

        Assert.Equal([ahead], bench.Dropped);
    }

    [Fact]
    public void Where_all_were_made_by_hand_the_newest_is_turned_away()
    {
        using var bench = BenchWith(maxWaiting: 1);
        bench.Add(1, priority: RequestPriority.Invoked);
        var newest = bench.Add(1, priority: RequestPriority.Invoked);

        bench.Plan();

        Assert.Equal([newest], bench.Dropped);
    }

    [Fact]
    public void The_client_with_most_waiting_gives_way()
    {
        using var bench = BenchWith(maxWaiting: 3);
        bench.Add(1, client: "quiet");
        var first = bench.Add(1, client: "loud");
        bench.Add(1, client: "loud");
        bench.Add(1, client: "loud");

        bench.Plan();

        Assert.Equal([first], bench.Dropped);
    }

    [Fact]
    public void A_client_that_has_too_many_waiting_gives_way_though_the_queue_has_room()
    {
        using var bench = BenchWith(maxWaiting: 10, new QuotaOptions { WaitingPerClient = 1 });
        bench.Add(1, client: "quiet");
        bench.Add(1, client: "loud", priority: RequestPriority.Invoked);
        var typed = bench.Add(1, client: "loud");

        bench.Plan();

        Assert.Equal([typed], bench.Dropped);
    }

    [Fact]
    public void Too_much_look_ahead_gives_way_though_the_queue_has_room()
    {
        using var bench = BenchWith(maxWaiting: 10, new QuotaOptions { WaitingLookAhead = 1 });
        var oldest = bench.Add(1, priority: RequestPriority.LookAhead);
        bench.Add(1, priority: RequestPriority.LookAhead);

        bench.Plan();

        Assert.Equal([oldest], bench.Dropped);
    }

    private static SchedulerBench BenchWith(int maxWaiting, QuotaOptions? quotas = null)
    {
        var bench = new SchedulerBench(new EngineOptions { MaxRunning = 1, MaxWaiting = maxWaiting, Quotas = quotas ?? new QuotaOptions() });
        bench.AddDecoding();
        return bench;
    }
}
