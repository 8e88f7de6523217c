using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>Cancelled means stopped: wherever a request stands, and at what cost.</summary>
public sealed class StoppingTests
{
    [Fact]
    public async Task A_request_that_was_cancelled_before_it_began_computes_nothing()
    {
        await using var bench = await EngineBench.StartAsync();

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")), new CancellationToken(canceled: true));

        Assert.Equal((FinishReason.Cancelled, 0), (generation.Finish, bench.Model.Steps));
    }

    [Fact]
    public async Task Cancelled_while_waiting_it_never_runs()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        using var cancel = new CancellationTokenSource();
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 3 });
        await first.Reached;
        var waiting = bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")), cancel.Token);
        await cancel.CancelAsync();
        first.Open();

        var generation = await waiting;

        Assert.Equal((FinishReason.Cancelled, 0, 0), (generation.Finish, generation.Usage.GeneratedTokens, generation.Usage.TokensAfterStop));
        await running;
        Assert.Equal(3, bench.Model.Steps);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Cancelled_in_prefill_it_aborts_the_step_and_computes_nothing_more()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxBatchTokens = 10 });
        using var cancel = new CancellationTokenSource();
        var third = bench.Model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Long(100)), cancel.Token);
        await third.Reached;
        await cancel.CancelAsync();
        third.Open();

        var generation = await running;

        Assert.Equal((FinishReason.Cancelled, 0), (generation.Finish, generation.Usage.TokensAfterStop));
        await bench.AssertQuietAsync();
        Assert.Equal((3, 20), (bench.Model.Steps, bench.Model.CellsHeld));
    }

    [Fact]
    public async Task What_an_aborted_step_had_computed_stays_as_cache()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { PieceTokens = 4 }, new EngineOptions { MaxBatchTokens = 10 });
        using var cancel = new CancellationTokenSource();
        var request = new GenerationRequest(Prompts.Long(30)) { MaxTokens = 4 };
        var gate = bench.Model.HoldStep(3);
        var cancelled = bench.RunAsync(request, cancel.Token);
        await gate.Reached;
        await cancel.CancelAsync();
        gate.Open();
        await cancelled;

        var again = await bench.RunAsync(request);

        Assert.Equal((20, bench.Model.TextAfter(request.Prompt, 4)), (again.Usage.CachedTokens, again.Text));
    }

    [Fact]
    public async Task Cancelled_in_decode_it_computes_at_most_the_step_that_runs()
    {
        await using var bench = await EngineBench.StartAsync();
        using var cancel = new CancellationTokenSource();
        var both = bench.Model.HoldStep(1);
        var other = bench.RunAsync(new GenerationRequest(Prompts.Bytes("other")) { MaxTokens = 10 });
        await both.Reached;
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("mine")) { MaxTokens = 10 }, cancel.Token);
        var fourth = bench.Model.HoldStep(4);
        both.Open();
        await fourth.Reached;
        await cancel.CancelAsync();
        fourth.Open();

        var generation = await running;

        Assert.Equal((FinishReason.Cancelled, 1), (generation.Finish, generation.Usage.TokensAfterStop));
        Assert.Equal(bench.Model.TextAfter(Prompts.Bytes("other"), 10), (await other).Text);
        Assert.Equal(bench.Model.TextAfter(Prompts.Bytes("mine"), 10)[..2], generation.Text);
    }

    [Fact]
    public async Task Cancelled_in_decode_alone_it_aborts_the_step()
    {
        await using var bench = await EngineBench.StartAsync();
        using var cancel = new CancellationTokenSource();
        var fourth = bench.Model.HoldStep(4);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")), cancel.Token);
        await fourth.Reached;
        await cancel.CancelAsync();
        fourth.Open();

        var generation = await running;

        Assert.Equal((FinishReason.Cancelled, 3, 0), (generation.Finish, generation.Text.Length, generation.Usage.TokensAfterStop));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_newer_request_ends_it_as_superseded()
    {
        await using var bench = await EngineBench.StartAsync();
        using var newer = new CancellationTokenSource();
        var third = bench.Model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { Superseded = newer.Token });
        await third.Reached;
        await newer.CancelAsync();
        third.Open();

        var generation = await running;

        Assert.Equal((FinishReason.Superseded, 2), (generation.Finish, generation.Text.Length));
    }

    [Fact]
    public async Task The_first_reason_to_stop_counts()
    {
        await using var bench = await EngineBench.StartAsync();
        using var newer = new CancellationTokenSource();
        using var cancel = new CancellationTokenSource();
        var second = bench.Model.HoldStep(2);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { Superseded = newer.Token }, cancel.Token);
        await second.Reached;
        await newer.CancelAsync();
        await cancel.CancelAsync();
        second.Open();

        var generation = await running;

        Assert.Equal(FinishReason.Superseded, generation.Finish);
    }

    [Fact]
    public async Task A_large_cancelled_prefill_is_aborted_though_a_decode_step_rides_with_it()
    {
        await using var bench = await EngineBench.StartAsync();
        using var cancel = new CancellationTokenSource();
        var first = bench.Model.HoldStep(1);
        var typing = bench.RunAsync(new GenerationRequest(Prompts.Bytes("typing")) { MaxTokens = 20 });
        await first.Reached;
        var second = bench.Model.HoldStep(2);
        var pasted = bench.RunAsync(new GenerationRequest(Prompts.Long(500)), cancel.Token);
        first.Open();
        await second.Reached;
        await cancel.CancelAsync();
        second.Open();

        var generation = await pasted;

        Assert.Equal((FinishReason.Cancelled, 0), (generation.Finish, generation.Usage.TokensAfterStop));
        Assert.Equal(bench.Model.TextAfter(Prompts.Bytes("typing"), 20), (await typing).Text);
    }

    [Fact]
    public async Task A_sequence_whose_own_part_of_an_aborted_step_was_done_goes_on()
    {
        using var cancel = new CancellationTokenSource();
        var model = new ScriptedModel
        {
            PieceTokens = 1,
            Rule = tokens =>
            {
                if (tokens.Count == "typing".Length + 1 && tokens[0] == 't') cancel.Cancel(); // its piece is computed, the other's are not
                return ScriptedModel.DependsOnAll(tokens);
            },
        };
        await using var bench = await EngineBench.StartAsync(model);
        var first = bench.Model.HoldStep(1);
        var typing = bench.RunAsync(new GenerationRequest(Prompts.Bytes("typing")) { MaxTokens = 20 });
        await first.Reached;
        var pasted = bench.RunAsync(new GenerationRequest(Prompts.Long(500)), cancel.Token);
        first.Open();

        var generations = await Task.WhenAll(typing, pasted);

        Assert.Equal((FinishReason.TokenLimit, FinishReason.Cancelled), (generations[0].Finish, generations[1].Finish));
        Assert.Equal(bench.Model.TextAfter(Prompts.Bytes("typing"), 20), generations[0].Text);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Live_work_is_not_aborted_twice_in_a_row()
    {
        await using var bench = await EngineBench.StartAsync();
        using var cancelFirst = new CancellationTokenSource();
        using var cancelSecond = new CancellationTokenSource();
        var gates = Enumerable.Range(1, 3).Select(bench.Model.HoldStep).ToList();
        var typing = bench.RunAsync(new GenerationRequest(Prompts.Bytes("typing")) { MaxTokens = 20 });
        await gates[0].Reached;
        var first = bench.RunAsync(new GenerationRequest(Prompts.Long(512, 'p')), cancelFirst.Token);
        gates[0].Open();
        await gates[1].Reached;
        var second = bench.RunAsync(new GenerationRequest(Prompts.Long(512, 'q')), cancelSecond.Token);
        await cancelFirst.CancelAsync();
        gates[1].Open();
        await gates[2].Reached;
        await cancelSecond.CancelAsync();
        gates[2].Open();

        var generations = await Task.WhenAll(first, second);

        Assert.Equal([0, 64], generations.Select(static generation => generation.Usage.TokensAfterStop));
        Assert.Equal(bench.Model.TextAfter(Prompts.Bytes("typing"), 20), (await typing).Text);
    }

    [Fact]
    public async Task Breaking_out_of_the_enumeration_frees_the_slot()
    {
        await using var bench = await EngineBench.StartAsync();

        await foreach (var _ in bench.Engine.GenerateAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 4000 })) break;

        await bench.AssertQuietAsync();
        Assert.True(bench.Model.Steps < 4000);
    }

    [Theory]
    [InlineData("break")]
    [InlineData("dispose")]
    [InlineData("token")]
    [InlineData("deadline")]
    public async Task However_a_request_is_stopped_the_engine_is_free_at_once_and_its_tokens_stay_as_cache(string way)
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { PieceTokens = 4 }, new EngineOptions { MaxRunning = 1 });
        using var cancel = new CancellationTokenSource();
        var request = new GenerationRequest(Prompts.Long(30)) { MaxTokens = 40, Deadline = TimeSpan.FromSeconds(1) };
        var fourth = bench.Model.HoldStep(4); // three tokens are chosen when it begins
        Task<Generation> next = null!; // asked for when the fourth step has begun
        var chunks = bench.Engine.GenerateAsync(request, cancel.Token);
        var ended = way switch
        {
            "break" => BreakAsync(),
            "dispose" => DisposeAsync(),
            "token" => ReadToEndAsync(cancel.Cancel),
            _ => ReadToEndAsync(() => bench.Time.Advance(TimeSpan.FromSeconds(1))),
        };

        var last = await ended;

        Assert.Equal((30, 5), ((await next).Usage.CachedTokens, bench.Model.Steps)); // the fourth was abandoned, the fifth is the next one's
        Assert.Equal(0, last?.TokensAfterStop ?? 0);
        await bench.AssertQuietAsync();

        async Task FourthStepAsync()
        {
            await fourth.Reached;
            next = bench.RunAsync(request with { Prompt = Prompts.Long(31), MaxTokens = 1, Deadline = null });
        }

        async Task<Usage?> BreakAsync()
        {
            var read = 0;
            await foreach (var chunk in chunks)
            {
                if ((read += chunk.Text.Length) < 3) continue;
                await FourthStepAsync();
                break;
            }

            fourth.Open();
            return null;
        }

        async Task<Usage?> DisposeAsync()
        {
            await using (var enumerator = chunks.GetAsyncEnumerator())
            {
                for (var read = 0; read < 3; read += enumerator.Current.Text.Length) await enumerator.MoveNextAsync();
                await FourthStepAsync();
            }

            fourth.Open();
            return null;
        }

        async Task<Usage?> ReadToEndAsync(Action stop)
        {
            var generation = EngineBench.ReadAsync(chunks);
            await FourthStepAsync();
            stop();
            fourth.Open();
            return (await generation).Usage;
        }
    }

    [Fact]
    public async Task A_deadline_in_the_middle_of_a_prefill_abandons_the_step_and_is_answered_at_once()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxBatchTokens = 10 });
        var third = bench.Model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Long(100)) { Deadline = TimeSpan.FromSeconds(1) });
        await third.Reached;
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        third.Open();

        var generation = await running;

        Assert.Equal((FinishReason.Deadline, 0), (generation.Finish, generation.Usage.TokensAfterStop));
        Assert.Equal((3, 20), (bench.Model.Steps, bench.Model.CellsHeld));
    }

    [Fact]
    public async Task A_stop_after_the_end_changes_nothing()
    {
        await using var bench = await EngineBench.StartAsync();
        using var cancel = new CancellationTokenSource();
        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 2 }, cancel.Token);

        await cancel.CancelAsync();

        Assert.Equal(FinishReason.TokenLimit, generation.Finish);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_superseded_prefill_is_finished_for_the_request_that_comes_next()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { PieceTokens = 4 }, new EngineOptions { MaxBatchTokens = 64 });
        using var newer = new CancellationTokenSource();
        var gate = bench.Model.HoldStep(1);
        var outdone = bench.RunAsync(new GenerationRequest(Prompts.Long(128)) { Superseded = newer.Token });
        await gate.Reached;
        await newer.CancelAsync();
        gate.Open();
        await outdone;

        var next = await bench.RunAsync(new GenerationRequest(Prompts.Long(129)) { MaxTokens = 1 });

        Assert.Equal(64, next.Usage.CachedTokens);
    }

    [Fact]
    public async Task Somebody_who_types_faster_than_the_prompt_computes_still_gets_there()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxBatchTokens = 64 });

        // Every key comes in the middle of the step that its predecessor's prompt is in.
        var typed = 300;
        for (var step = 1; bench.Model.CellsHeld < 300 && step <= 6; step++)
        {
            using var newer = new CancellationTokenSource();
            var gate = bench.Model.HoldStep(step);
            var outdone = bench.RunAsync(new GenerationRequest(Prompts.Long(typed++)) { Superseded = newer.Token });
            await gate.Reached;
            await newer.CancelAsync();
            gate.Open();
            await outdone;
        }

        Assert.InRange(bench.Model.CellsHeld, 300, 310);
    }
}
