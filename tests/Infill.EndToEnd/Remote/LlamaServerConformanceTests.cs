using Infill.Engine.Remote;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.EndToEnd.Remote;

/// <summary>A real llama-server, which nobody here wrote, held to what every backend of text promises.</summary>
public sealed class LlamaServerConformanceTests(ITestOutputHelper output) : StopCostConformance(output)
{
    protected override async Task<CountingServer> StartCountingAsync() => new Server(await LlamaServer.StartAsync());

    private sealed class Server(LlamaServer server) : CountingServer
    {
        private readonly RemotePool _pool = new(new RemoteOptions([server.Url]), TimeProvider.System, NullLogger.Instance);

        public override RemotePool Pool => _pool;

        /// <summary>It notices when it writes to a stream that is closed: that takes it two tokens or three, on a busy machine some more.</summary>
        public override int MostAfterStop => 16;

        public override Task<double> StepsAsync() => server.StepsAsync();

        /// <summary>Its bound for a stop is one batch: it looks between two of them whether the client is still there.</summary>
        public override Task QuietAsync() => Eventually.GetAsync(async () => await server.BusyAsync() == 0 ? server : null, () => Task.FromResult("A slot is still busy."));

        public override ValueTask DisposeAsync()
        {
            _pool.Dispose();
            server.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
