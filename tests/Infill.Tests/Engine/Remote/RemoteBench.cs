using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine.Remote;

/// <summary>A pool of endpoints with a clock that only the test moves.</summary>
internal sealed class RemoteBench : IDisposable
{
    public RemoteBench(params Uri[] endpoints) : this(new RemoteOptions(endpoints) { WriterFor = static _ => new PlainWriter() })
    {
    }

    public RemoteBench(RemoteOptions options)
    {
        Pool = new RemotePool(options, Time, Logger);
    }

    public ManualTime Time { get; } = new();

    public ListLogger Logger { get; } = new();

    /// <summary>What was logged.</summary>
    public IEnumerable<string> Log => Logger.Entries.Select(static entry => entry.Text);

    public RemotePool Pool { get; }

    public static RemoteRequest Request { get; } = new("def f(a):\n    return ", "\n\nprint(f(1))\n") { Path = "f.py", MaxTokens = 12, ScoreTokens = true };

    public Task<Generation> RunAsync(RemoteRequest? request = null, CancellationToken cancellationToken = default) =>
        ReadAsync(Pool.GenerateAsync(request ?? Request, cancellationToken));

    /// <summary>Reads to the end; asserts that exactly the last chunk says why it ended.</summary>
    public static Task<Generation> ReadAsync(IAsyncEnumerable<GenerationChunk> chunks)
    {
        return ReadToEndAsync().WaitAsync(Patience.Limit);

        async Task<Generation> ReadToEndAsync()
        {
            var read = new List<GenerationChunk>();
            await foreach (var chunk in chunks) read.Add(chunk);
            Assert.NotEmpty(read);
            Assert.All(read.SkipLast(1), static chunk => Assert.Equal((FinishReason.None, null), (chunk.Finish, chunk.Reported)));
            Assert.NotEqual(FinishReason.None, read[^1].Finish);
            Assert.NotNull(read[^1].Reported);
            Assert.All(read, static chunk => Assert.Null(chunk.Usage)); // a server's figures are not the engine's
            return new Generation(read);
        }
    }

    public void Dispose() => Pool.Dispose();

    private sealed class PlainWriter : IPromptWriter
    {
        public string Name => "plain";

        public RemotePrompt Write(RemoteRequest request) => new($"<P>{request.Prefix}<S>{request.Suffix}<M>", ["<P>"]);
    }
}
