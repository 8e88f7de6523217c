using Infill.Engine;
using Infill.Engine.Remote;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.EndToEnd.Remote;

/// <summary>The published program as another machine's <c>infill serve</c>, held to what every backend of text promises.</summary>
public sealed class InfillServeConformanceTests(ITestOutputHelper output) : StopCostConformance(output)
{
    private readonly ITestOutputHelper _output = output;
    private Server _server = null!; // made by StartCountingAsync

    protected override async Task<CountingServer> StartCountingAsync() =>
        _server = new Server(await InfillServer.StartAsync(("INFILL_SPECULATION", "0"))); // one step is one token

    [Fact]
    public async Task A_stop_in_the_middle_of_a_prompt_ends_with_the_step_that_runs()
    {
        var wasted = await _server.WastedAsync();
        using var stop = new CancellationTokenSource();
        var reading = ReadAsync(_server.Request with { Prefix = "# of no other test\n" + SampleCode.Shapes }, stop.Token);
        await Eventually.GetAsync(async () => await _server.BusyAsync() > 0 ? _server : null, () => Task.FromResult("It was never asked."));
        await stop.CancelAsync();

        Assert.Equal(FinishReason.Cancelled, await reading);
        await _server.QuietAsync();
        wasted = await _server.WastedAsync() - wasted;
        _output.WriteLine($"{wasted} tokens of a prompt were computed after the stop had come");
        Assert.InRange(wasted, 0, 128); // what a step of 25 ms takes on a fast machine
    }

    private async Task<FinishReason> ReadAsync(RemoteRequest request, CancellationToken cancellationToken)
    {
        var finish = FinishReason.None;
        await foreach (var chunk in _server.Pool.GenerateAsync(request, cancellationToken)) finish = chunk.Finish;
        return finish;
    }

    private sealed class Server(InfillServer server) : CountingServer
    {
        private readonly RemotePool _pool = new(new RemoteOptions([server.Url]), TimeProvider.System, NullLogger.Instance);

        public override RemotePool Pool => _pool;

        /// <summary>One step after it has heard of it; on the way there are what is read late, and the closed connection itself.</summary>
        public override int MostAfterStop => 16;

        public override Task<double> StepsAsync() => server.CountAsync("llamacpp:n_decode_total");

        /// <summary>Tokens that it computed after it had heard of a stop, by its own count.</summary>
        public Task<double> WastedAsync() => server.CountAsync("infill:tokens_wasted_total");

        public Task<int> BusyAsync() => server.BusyAsync();

        public override Task QuietAsync() => Eventually.GetAsync(async () => await server.BusyAsync() == 0 ? server : null, () => Task.FromResult("It still works on something."));

        public override ValueTask DisposeAsync()
        {
            _pool.Dispose();
            server.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
