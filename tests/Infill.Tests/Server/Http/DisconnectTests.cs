using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Http;

/// <summary>Who leaves costs nothing more.</summary>
public sealed class DisconnectTests
{
    [Theory]
    [InlineData("/completion", true)]
    [InlineData("/completion", false)]
    [InlineData("/v1/completions", true)]
    [InlineData("/v1/completions", false)]
    public async Task A_closed_connection_ends_its_generation_with_the_step_that_runs(string path, bool isStreaming)
    {
        await using var bench = await HttpBench.StartAsync();
        var gate = bench.Model.HoldStep(5);
        using var leave = new CancellationTokenSource();
        var asking = AskAsync(bench, path, isStreaming, leave.Token);
        await gate.Reached;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Wait.UntilAsync(() => Task.FromResult(bench.Engine.Snapshot() is [{ IsStopping: true }]));
        gate.Open();

        await bench.AssertQuietAsync();
        Assert.Equal(5, bench.Model.Steps);
        Assert.Equal(FinishReason.Cancelled, Assert.Single(bench.Engine.RecentlyFinished()).Finish);
    }

    [Fact]
    public async Task Sixty_four_streams_that_are_dropped_at_random_leave_nothing_active()
    {
        await using var bench = await HttpBench.StartAsync(
            new ScriptedModel(contextCells: 1 << 15), engineOptions: new EngineOptions { MaxRunning = 32, Quotas = new QuotaOptions { WaitingPerClient = 64 } });
        var random = new Random(1);
        var streams = Enumerable.Range(0, 64).Select(index => (Path: index % 2 == 0 ? "/completion" : "/v1/completions", Reads: random.Next(0, 20))).ToList();

        await Task.WhenAll(streams.Select(stream => ReadAndLeaveAsync(bench, stream.Path, stream.Reads)));

        await bench.AssertQuietAsync();
        var after = await bench.AskAsync("/completion", """{"prompt":"next","n_predict":3,"temperature":0}""");
        Assert.Equal(bench.Model.TextAfter([.. "next"u8], 3), after.GetProperty("content").GetString());
    }

    private static async Task AskAsync(HttpBench bench, string path, bool isStreaming, CancellationToken cancellationToken)
    {
        using var response = await bench.PostAsync(path, $$"""{"prompt":"hello","n_predict":1000,"max_tokens":1000,"temperature":0,"stream":{{(isStreaming ? "true" : "false")}}}""", cancellationToken);
        await response.Content.ReadAsStringAsync(cancellationToken);
    }

    private static async Task ReadAndLeaveAsync(HttpBench bench, string path, int reads)
    {
        using var response = await bench.PostAsync(path, $$"""{"prompt":"hello {{reads}}","n_predict":400,"max_tokens":400,"temperature":0,"stream":true}""");
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[64];
        for (var i = 0; i < reads; i++) Assert.NotEqual(0, await stream.ReadAsync(buffer));
    }
}
