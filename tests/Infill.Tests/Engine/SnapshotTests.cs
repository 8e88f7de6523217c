using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

public sealed class SnapshotTests
{
    [Fact]
    public async Task Every_request_is_seen_where_it_stands_while_the_engine_is_in_a_step()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        var third = bench.Model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("abcd")) { MaxTokens = 5, Client = "vim" });
        await third.Reached;
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        var waiting = bench.RunAsync(new GenerationRequest(Prompts.Bytes("ab")) { Priority = RequestPriority.Invoked });
        bench.Time.Advance(TimeSpan.FromSeconds(2));

        var snapshot = bench.Engine.Snapshot(); // the engine thread stands still

        Assert.Equal(
            [
                new RequestSnapshot(1, "vim", RequestPriority.Automatic, SequenceState.Running, 4, 0, 5, 2, TimeSpan.FromSeconds(3)),
                new RequestSnapshot(2, "", RequestPriority.Invoked, SequenceState.Waiting, 2, 0, 0, 0, TimeSpan.FromSeconds(2)),
            ],
            snapshot);
        third.Open();
        await Task.WhenAll(running, waiting);
        Assert.Empty(bench.Engine.Snapshot());
    }

    [Fact]
    public async Task A_request_that_is_done_is_seen_until_it_has_been_read()
    {
        await using var bench = await EngineBench.StartAsync();
        var reader = bench.Engine.GenerateAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 20 }).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        await bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")) { MaxTokens = 30 });

        var state = Assert.Single(bench.Engine.Snapshot()).State;

        Assert.Equal(SequenceState.Finished, state);
        await reader.DisposeAsync();
        Assert.Empty(bench.Engine.Snapshot());
    }
}
