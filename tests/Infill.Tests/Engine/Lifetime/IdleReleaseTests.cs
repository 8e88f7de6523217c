using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Lifetime;

/// <summary>What nobody needs is given back, and comes back when somebody does.</summary>
public sealed class IdleReleaseTests
{
    private static readonly TimeSpan Idle = new EngineOptions().IdleRelease;

    [Fact]
    public async Task After_a_while_without_requests_the_context_is_released()
    {
        await using var bench = await EngineBench.StartAsync();
        await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 2 });

        bench.Time.Advance(Idle);

        await bench.Model.Freed;
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task After_as_long_again_the_weights_are_released()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Time.Advance(Idle);
        await bench.Model.Freed;

        bench.Time.Advance(Idle);

        await bench.Weights.Released;
    }

    [Fact]
    public async Task The_next_request_brings_back_what_was_released()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Time.Advance(Idle);
        await bench.Model.Freed;
        bench.Time.Advance(Idle);
        await bench.Weights.Released;

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 4 });

        Assert.Equal((bench.Model.TextAfter(Prompts.Bytes("x"), 4), 2), (generation.Text, bench.Weights.Made));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_request_begins_the_wait_anew()
    {
        await using var bench = await EngineBench.StartAsync();
        await bench.AssertQuietAsync();
        bench.Time.Advance(Idle / 2);
        await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 2 });
        await bench.AssertQuietAsync();
        bench.Time.Advance(Idle / 2);

        await bench.AssertQuietAsync();

        Assert.False(bench.Model.Disposed);
    }

    [Fact]
    public async Task Looking_at_the_engine_does_not_keep_it_awake()
    {
        await using var bench = await EngineBench.StartAsync();
        for (var i = 0; i < 4; i++)
        {
            await bench.AssertQuietAsync();
            bench.Time.Advance(Idle / 4);
        }

        await bench.Model.Freed;
    }

    [Fact]
    public async Task Weights_that_can_not_be_loaded_again_are_told_and_tried_again_by_the_next()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Time.Advance(Idle);
        await bench.Model.Freed;
        bench.Weights.BeforeContext = static number => _ = number == 2 ? throw new EngineException("the file is gone") : 0;

        var told = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));
        bench.Weights.BeforeContext = null;
        var next = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")));

        Assert.Equal((FinishReason.Faulted, "the file is gone", FinishReason.TokenLimit), (told.Finish, told.Last.Fault, next.Finish));
    }

    [Fact]
    public async Task Zero_keeps_everything()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { IdleRelease = TimeSpan.Zero });
        await bench.AssertQuietAsync();

        bench.Time.Advance(TimeSpan.FromDays(1));
        await bench.AssertQuietAsync();

        Assert.False(bench.Model.Disposed);
    }
}
