using Infill.Engine;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Infill.Tests.Engine.Lifetime;

/// <summary>A step that fails, overruns or hangs costs time, and a request only if it happens to it twice.</summary>
public sealed class WatchdogTests
{
    /// <summary>What a context's first step may take, and any other of which nothing is known.</summary>
    private static readonly TimeSpan FirstLimit = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_step_that_fails_once_is_run_again_in_a_new_context_unseen_by_the_reader()
    {
        var model = new ScriptedModel { BeforeStep = static step => step == 4 ? throw new EngineException("the backend stumbled") : null };
        await using var bench = await EngineBench.StartAsync(model);

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 10 });

        Assert.Equal((FinishReason.TokenLimit, model.TextAfter(Prompts.Bytes("x"), 10)), (generation.Finish, generation.Text));
        Assert.Equal((2, true), (bench.Weights.Made, model.Disposed));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_step_that_fails_every_time_faults_its_requests_with_the_reason()
    {
        var model = new ScriptedModel { BeforeStep = static _ => throw new EngineException("the backend stumbled") };
        await using var bench = await EngineBench.StartAsync(model);

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));

        Assert.Equal((FinishReason.Faulted, "the backend stumbled", 2), (generation.Finish, generation.Last.Fault, bench.Model.Steps));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_failed_step_costs_those_who_wait_nothing()
    {
        var model = new ScriptedModel { BeforeStep = static step => step <= 2 ? throw new EngineException("the backend stumbled") : null };
        await using var bench = await EngineBench.StartAsync(model, new EngineOptions { MaxRunning = 1 });
        var first = model.HoldStep(1);
        var failing = bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")));
        await first.Reached;
        var waiting = bench.RunAsync(new GenerationRequest(Prompts.Bytes("b")) { MaxTokens = 4 });
        first.Open();

        var generation = await waiting;

        Assert.Equal(model.TextAfter(Prompts.Bytes("b"), 4), generation.Text);
        Assert.Equal(FinishReason.Faulted, (await failing).Finish);
    }

    [Fact]
    public async Task Logits_that_can_not_be_had_are_asked_for_once_more()
    {
        var model = new ScriptedModel { BeforeLogits = static step => _ = step == 2 ? throw new EngineException("no logits") : 0 };
        await using var bench = await EngineBench.StartAsync(model);

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")) { MaxTokens = 5 });

        Assert.Equal(model.TextAfter(Prompts.Bytes("a"), 5), generation.Text);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_backend_without_cells_and_nothing_to_evict_gets_a_new_context()
    {
        var model = new ScriptedModel { BeforeStep = static step => step == 1 ? StepStatus.NoCells : null };
        await using var bench = await EngineBench.StartAsync(model);

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 3 });

        Assert.Equal((model.TextAfter(Prompts.Bytes("x"), 3), 2), (generation.Text, bench.Weights.Made));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_step_that_overruns_is_aborted_and_run_again_in_a_new_context()
    {
        var model = new ScriptedModel();
        await using var bench = await EngineBench.StartAsync(model);
        var slow = model.HoldStep(4);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 10 });
        await slow.Reached;
        bench.Time.Advance(FirstLimit);
        slow.Open();

        var generation = await running;

        Assert.Equal((FinishReason.TokenLimit, model.TextAfter(Prompts.Bytes("x"), 10)), (generation.Finish, generation.Text));
        Assert.Equal(2, bench.Weights.Made);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_request_whose_steps_overrun_twice_is_answered_with_the_reason()
    {
        var model = new ScriptedModel();
        await using var bench = await EngineBench.StartAsync(model);
        var gates = new[] { model.HoldStep(2), model.HoldStep(3) };
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));
        foreach (var gate in gates)
        {
            await gate.Reached;
            bench.Time.Advance(FirstLimit);
            gate.Open();
        }

        var generation = await running;

        Assert.Equal((FinishReason.Faulted, 1), (generation.Finish, generation.Text.Length));
        Assert.Equal("A step of 2 tokens was aborted: it had not ended after 40.0 s.", generation.Last.Fault);
        Assert.Equal(FinishReason.TokenLimit, (await bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")))).Finish);
    }

    [Fact]
    public async Task A_step_that_ends_just_as_it_is_called_too_long_counts()
    {
        var model = new ScriptedModel { PollsAbort = false };
        await using var bench = await EngineBench.StartAsync(model);
        var slow = model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 5 });
        await slow.Reached;
        bench.Time.Advance(FirstLimit);
        slow.Open();

        var generation = await running;

        Assert.Equal((model.TextAfter(Prompts.Bytes("x"), 5), 1), (generation.Text, bench.Weights.Made));
    }

    [Fact]
    public async Task A_step_is_measured_by_what_such_steps_took_before()
    {
        var model = new ScriptedModel();
        await using var bench = await EngineBench.StartAsync(model);
        var gates = Enumerable.Range(1, 4).Select(model.HoldStep).ToList();
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 4 });
        foreach (var gate in gates)
        {
            // Steps of a second each, then one of 19: within twenty times what they take.
            await gate.Reached;
            bench.Time.Advance(TimeSpan.FromSeconds(gate == gates[^1] ? 19 : 1));
            gate.Open();
        }

        await running;

        Assert.Equal(1, bench.Weights.Made);
    }

    [Fact]
    public async Task A_step_that_hears_no_abort_is_given_up_with_its_thread_and_the_engine_goes_on()
    {
        var model = new ScriptedModel();
        await using var bench = await EngineBench.StartAsync(model);
        var hung = model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 8 });
        await hung.Reached;
        bench.Time.Advance(FirstLimit);
        bench.Time.Advance(Grace);

        var generation = await running; // the gate is still closed

        Assert.Equal((FinishReason.TokenLimit, model.TextAfter(Prompts.Bytes("x"), 8)), (generation.Finish, generation.Text));
        Assert.Single(bench.Logger.Entries, static entry => entry.Level == LogLevel.Error && entry.Text.Contains("hangs", StringComparison.Ordinal));
        await bench.AssertQuietAsync();
        Assert.False(model.Disposed); // nobody can free what hangs
        hung.Open();
        await model.Freed; // but when it returns, it frees itself and touches nothing else
        Assert.Equal(FinishReason.TokenLimit, (await bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")))).Finish);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_a_step_that_hangs()
    {
        var model = new ScriptedModel();
        var bench = await EngineBench.StartAsync(model);
        var hung = model.HoldStep(2);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));
        await hung.Reached;
        var disposing = bench.DisposeAsync().AsTask();
        bench.Time.Advance(Grace);

        await disposing;

        Assert.Equal(FinishReason.Cancelled, (await running).Finish);
        Assert.True(bench.Weights.Disposed);
        hung.Open();
        await model.Freed;
    }

    [Fact]
    public async Task A_context_that_can_not_be_made_again_is_told_to_everyone_and_tried_again_by_the_next()
    {
        var weights = new ScriptedWeights(new ScriptedModel { BeforeStep = static step => step == 1 ? throw new EngineException("the backend stumbled") : null })
        {
            BeforeContext = static number => _ = number == 2 ? throw new EngineException("no memory") : 0,
        };
        await using var bench = await EngineBench.StartAsync(weights);
        var told = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));
        weights.BeforeContext = null;

        var next = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")));

        Assert.Equal((FinishReason.Faulted, "no memory"), (told.Finish, told.Last.Fault));
        Assert.Equal(FinishReason.TokenLimit, next.Finish);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task What_a_lost_context_had_found_in_its_cache_is_still_what_the_request_reports()
    {
        var model = new ScriptedModel { BeforeStep = static step => step == 4 ? throw new EngineException("the backend stumbled") : null };
        await using var bench = await EngineBench.StartAsync(model);
        await bench.RunAsync(new GenerationRequest(Prompts.Bytes("same prompt")) { MaxTokens = 2 });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("same prompt")) { MaxTokens = 4 });

        Assert.Equal((FinishReason.TokenLimit, 10), (generation.Finish, generation.Usage.CachedTokens));
    }
}
