using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>What one request got.</summary>
internal sealed record Generation(IReadOnlyList<GenerationChunk> Chunks)
{
    public string Text => string.Concat(Chunks.Select(static chunk => chunk.Text));

    public GenerationChunk Last => Chunks[^1];

    public FinishReason Finish => Last.Finish;

    public Usage Usage => Last.Usage!;
}

/// <summary>An engine over a <see cref="ScriptedModel"/>, loaded, with a clock that only the test moves.</summary>
internal sealed class EngineBench : IAsyncDisposable
{
    private EngineBench(ScriptedWeights weights, EngineOptions options)
    {
        Weights = weights;
        Engine = new CompletionEngine(() => weights, options, Time, Logger);
    }

    public ScriptedWeights Weights { get; }

    /// <summary>The context that was made last.</summary>
    public ScriptedModel Model => Weights.Current;

    public ListLogger Logger { get; } = new();

    public ManualTime Time { get; } = new();

    public CompletionEngine Engine { get; }

    public static Task<EngineBench> StartAsync(ScriptedModel? model = null, EngineOptions? options = null) =>
        StartAsync(new ScriptedWeights(model ?? new ScriptedModel()), options);

    public static async Task<EngineBench> StartAsync(ScriptedWeights weights, EngineOptions? options = null)
    {
        var bench = new EngineBench(weights, options ?? new EngineOptions());
        await bench.Engine.Ready.WaitAsync(Patience.Limit);
        return bench;
    }

    /// <summary>Submits at once and reads to the end; asserts that exactly the last chunk says why it ended.</summary>
    public Task<Generation> RunAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        ReadAsync(Engine.GenerateAsync(request, cancellationToken));

    public static async Task<Generation> ReadAsync(IAsyncEnumerable<GenerationChunk> chunks)
    {
        return await ReadToEndAsync().WaitAsync(Patience.Limit);

        async Task<Generation> ReadToEndAsync()
        {
            var read = new List<GenerationChunk>();
            await foreach (var chunk in chunks) read.Add(chunk);
            Assert.NotEmpty(read);
            Assert.All(read.SkipLast(1), static chunk => Assert.Equal((FinishReason.None, null), (chunk.Finish, chunk.Usage)));
            Assert.NotEqual(FinishReason.None, read[^1].Finish);
            Assert.NotNull(read[^1].Usage);
            return new Generation(read);
        }
    }

    /// <summary>No request is left, and what the engine believes the KV cache to hold is what it holds.</summary>
    public Task AssertQuietAsync() => AssertQuietAsync(Engine, Model);

    private static async Task AssertQuietAsync(CompletionEngine engine, ScriptedModel model)
    {
        var (running, waiting, slots) = await engine.InspectAsync(loop => (
            loop.Scheduler.Running.Count,
            loop.Scheduler.Waiting.Count,
            loop.Cache.Slots.Select(slot => (slot.Owner, Believed: slot.Tokens.ToArray(), Held: model.TokensOf(slot.Id).ToArray())).ToList())).WaitAsync(Patience.Limit);
        Assert.Equal((0, 0), (running, waiting));
        Assert.All(slots, static slot =>
        {
            Assert.Null(slot.Owner);
            Assert.Equal(slot.Held, slot.Believed);
        });
    }

    public async ValueTask DisposeAsync() => await Engine.DisposeAsync().AsTask().WaitAsync(Patience.Limit);
}
