using Infill.Engine;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>Several copies of a model behind one engine: as many serve as could be loaded and have not failed.</summary>
public sealed class ReplicaTests : IAsyncDisposable
{
    private readonly ScriptedModel[] _models = [new(), new()];
    private readonly ListLogger _logger = new();
    private CompletionEngine? _engine;

    [Fact]
    public async Task Two_requests_run_at_once_on_a_copy_each()
    {
        var engine = await StartAsync();
        var held = _models[0].HoldStep(1);
        var first = ReadAsync(engine, "first");
        await held.Reached;

        var second = await ReadAsync(engine, "second");

        Assert.Equal(_models[1].TextAfter(Prompts.Bytes("second"), 8), second.Text);
        Assert.False(first.IsCompleted);
        held.Open();
        Assert.Equal(_models[0].TextAfter(Prompts.Bytes("first"), 8), (await first).Text);
    }

    [Fact]
    public async Task A_prompt_finds_its_cache_again_whichever_copy_has_it()
    {
        var engine = await StartAsync();
        foreach (var kind in "ab") await ReadAsync(engine, new string(kind, 200));

        var cached = new List<int>();
        foreach (var kind in "abab") cached.Add((await ReadAsync(engine, new string(kind, 200))).Usage.CachedTokens);

        Assert.All(cached, static tokens => Assert.Equal(199, tokens)); // the last is computed for what follows it
        Assert.All(_models, static model => Assert.NotEqual(0, model.Steps));
    }

    [Fact]
    public async Task A_copy_that_can_t_be_loaded_is_missed_with_one_line()
    {
        var engine = await StartAsync(static _ => throw new EngineException("gpuReplicas is 3, but there are 2 GPUs."), replicas: 4);

        Assert.Equal(FinishReason.TokenLimit, (await ReadAsync(engine, "x")).Finish);
        Assert.Equal(engine.MaxSequences, _models[0].MaxSequences);
        var line = Assert.Single(_logger.Entries, static entry => entry.Level >= LogLevel.Warning);
        Assert.Equal("Of 4 replicas of the model 1 could be loaded: gpuReplicas is 3, but there are 2 GPUs.", line.Text);
    }

    [Fact]
    public async Task Without_the_first_copy_there_is_no_model()
    {
        _engine = new CompletionEngine(static IModel (int _) => throw new EngineException("no such file"), new EngineOptions { Replicas = 2 }, TimeProvider.System, _logger);

        Assert.Equal("no such file", (await Assert.ThrowsAsync<EngineException>(() => _engine.Ready)).Message);
    }

    [Fact]
    public async Task An_engine_that_ends_while_it_loads_begins_no_further_copy()
    {
        var loading = new Gate();
        var loaded = new List<int>();
        var engine = new CompletionEngine(
            replica =>
            {
                loaded.Add(replica);
                loading.Pass();
                return new ScriptedWeights(_models[replica]);
            },
            new EngineOptions { Replicas = 2 }, TimeProvider.System, _logger);
        await loading.Reached;

        var ending = engine.DisposeAsync().AsTask();
        loading.Open();
        await ending.WaitAsync(Patience.Limit);

        Assert.Equal([0], loaded);
        Assert.DoesNotContain(_logger.Entries, static entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_copy_that_failed_gets_no_more_requests()
    {
        _models[0] = new ScriptedModel { BeforeStep = static _ => throw new InvalidOperationException("a bug") };
        var engine = await StartAsync();

        var first = await ReadAsync(engine, "x");
        var others = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ReadAsync(engine, "x")));

        Assert.Equal(FinishReason.Faulted, first.Finish);
        Assert.All(others, static other => Assert.Equal(FinishReason.TokenLimit, other.Finish));
        Assert.Equal(_models[1].MaxSequences, engine.MaxSequences);
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null) await _engine.DisposeAsync();
    }

    private static Task<Generation> ReadAsync(CompletionEngine engine, string prompt) =>
        EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest(Prompts.Bytes(prompt)) { MaxTokens = 8 }));

    private async Task<CompletionEngine> StartAsync(Func<int, IModel>? loadSecond = null, int replicas = 2)
    {
        _engine = new CompletionEngine(
            replica => replica == 1 && loadSecond is not null ? loadSecond(replica) : new ScriptedWeights(_models[replica]),
            new EngineOptions { Replicas = replicas }, TimeProvider.System, _logger);
        await _engine.AllLoaded.WaitAsync(Patience.Limit);
        return _engine;
    }
}
