using Infill.Engine;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>Loading, failing and ending: whatever happens to the engine, every request is answered once.</summary>
public sealed class EngineLifetimeTests
{
    [Fact]
    public async Task A_request_that_comes_before_the_model_is_loaded_waits_for_it()
    {
        var loading = new Gate();
        await using var engine = Loading(loading, new ScriptedModel { Rule = ScriptedModel.Says("hello") });
        var early = EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest(Prompts.Fim("x"))));
        await loading.Reached;
        loading.Open();

        var generation = await early;

        Assert.Equal("hello", generation.Text);
    }

    [Fact]
    public async Task A_request_cancelled_before_the_model_is_loaded_throws_at_once()
    {
        var loading = new Gate();
        await using var engine = Loading(loading, new ScriptedModel());
        using var cancel = new CancellationTokenSource();
        var early = EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest(Prompts.Bytes("x")), cancel.Token));
        await loading.Reached;
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => early);

        loading.Open();
    }

    [Fact]
    public async Task A_request_superseded_before_the_model_is_loaded_ends_at_once()
    {
        var loading = new Gate();
        await using var engine = Loading(loading, new ScriptedModel());
        using var newer = new CancellationTokenSource();
        var early = EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest(Prompts.Bytes("x")) { Superseded = newer.Token }));
        await loading.Reached;
        await newer.CancelAsync();

        var generation = await early;

        Assert.Equal(FinishReason.Superseded, generation.Finish);
        loading.Open();
    }

    [Fact]
    public async Task Waiting_for_the_model_counts_towards_the_deadline()
    {
        var loading = new Gate();
        var time = new ManualTime();
        await using var engine = Loading(loading, new ScriptedModel(), time);
        var early = EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest(Prompts.Bytes("x")) { Deadline = TimeSpan.FromSeconds(1) }));
        await loading.Reached;
        time.Advance(TimeSpan.FromSeconds(1));

        var generation = await early;

        Assert.Equal((FinishReason.Deadline, TimeSpan.FromSeconds(1)), (generation.Finish, generation.Usage.Queued));
        loading.Open();
    }

    [Fact]
    public async Task A_model_that_can_not_be_loaded_is_told_to_every_caller()
    {
        var loading = new Gate();
        await using var engine = new CompletionEngine(
            () =>
            {
                loading.Pass();
                throw new EngineException("no such file");
            },
            new EngineOptions(), TimeProvider.System, NullLogger.Instance);
        var callers = Enumerable.Range(0, 3).Select(_ => EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest([1])))).ToList();
        await loading.Reached;
        loading.Open();

        foreach (var caller in callers) Assert.Equal("no such file", (await Assert.ThrowsAsync<EngineException>(() => caller)).Message);

        await Assert.ThrowsAsync<EngineException>(() => EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest([1]))));
    }

    [Fact]
    public async Task Disposing_answers_everyone_and_frees_the_model()
    {
        var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")));
        await first.Reached;
        var waiting = bench.RunAsync(new GenerationRequest(Prompts.Bytes("b")));
        var disposing = bench.DisposeAsync().AsTask();
        first.Open();

        await disposing;

        Assert.Equal([FinishReason.Cancelled, FinishReason.Cancelled], (await Task.WhenAll(running, waiting)).Select(static generation => generation.Finish));
        Assert.True(bench.Model.Disposed);
    }

    [Fact]
    public async Task Disposing_twice_is_harmless()
    {
        var bench = await EngineBench.StartAsync();
        await bench.DisposeAsync();

        await bench.DisposeAsync();

        Assert.True(bench.Model.Disposed);
    }

    [Fact]
    public async Task A_request_that_comes_after_the_end_is_answered_cancelled()
    {
        var bench = await EngineBench.StartAsync();
        await bench.DisposeAsync();

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));

        Assert.Equal(FinishReason.Cancelled, generation.Finish);
    }

    [Fact]
    public async Task A_look_that_comes_after_the_end_is_refused()
    {
        var bench = await EngineBench.StartAsync();
        await bench.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => bench.Engine.InspectAsync(static loop => loop.Steps).WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task A_backend_without_cells_is_given_room_and_asked_again()
    {
        var model = new ScriptedModel { BeforeStep = static step => step == 2 ? StepStatus.NoCells : null };
        await using var bench = await EngineBench.StartAsync(model);
        await bench.RunAsync(new GenerationRequest(Prompts.Bytes("cached")) { MaxTokens = 1 });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 3 });

        Assert.Equal(model.TextAfter(Prompts.Bytes("x"), 3), generation.Text);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task If_the_engine_thread_dies_everyone_is_answered_now_and_later()
    {
        var model = new ScriptedModel { BeforeStep = static step => step == 2 ? throw new InvalidOperationException("a bug") : null };
        await using var bench = await EngineBench.StartAsync(model, new EngineOptions { MaxRunning = 1 });
        var first = model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")));
        await first.Reached;
        var waiting = bench.RunAsync(new GenerationRequest(Prompts.Bytes("b")));
        first.Open();
        await Task.WhenAll(running, waiting);

        var later = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("c")));

        Assert.All([await running, await waiting, later], static generation => Assert.Equal((FinishReason.Faulted, "a bug"), (generation.Finish, generation.Last.Fault)));
        Assert.True(model.Disposed);
    }

    private static CompletionEngine Loading(Gate gate, ScriptedModel model, TimeProvider? time = null) => new(
        () =>
        {
            gate.Pass();
            return new ScriptedWeights(model);
        },
        new EngineOptions(), time ?? TimeProvider.System, NullLogger.Instance);
}
