using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>What callers see of the engine: text and why it ended.</summary>
public sealed class CompletionEngineTests
{
    [Fact]
    public async Task The_token_limit_ends_a_text()
    {
        await using var bench = await EngineBench.StartAsync();

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 5 });

        Assert.Equal((FinishReason.TokenLimit, 5, 5), (generation.Finish, generation.Text.Length, generation.Usage.GeneratedTokens));
    }

    [Fact]
    public async Task A_stop_string_ends_a_text_before_it()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("one\n\ntwo") });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { StopStrings = ["\n\n"] });

        Assert.Equal((FinishReason.StopRule, "one"), (generation.Finish, generation.Text));
    }

    [Fact]
    public async Task Text_held_back_for_a_stop_string_comes_with_the_end()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("one\n") });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { StopStrings = ["\n\n"] });

        Assert.Equal("one\n", generation.Text);
    }

    [Fact]
    public async Task A_deadline_ends_a_text_with_what_it_has()
    {
        await using var bench = await EngineBench.StartAsync();
        var third = bench.Model.HoldStep(3);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { Deadline = TimeSpan.FromSeconds(1) });
        await third.Reached;
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        third.Open();

        var generation = await running;

        Assert.Equal((FinishReason.Deadline, 2), (generation.Finish, generation.Text.Length)); // the third token's step was abandoned
    }

    [Fact]
    public async Task A_deadline_that_has_passed_computes_nothing()
    {
        await using var bench = await EngineBench.StartAsync();

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { Deadline = TimeSpan.Zero });

        Assert.Equal((FinishReason.Deadline, 0), (generation.Finish, bench.Model.Steps));
    }

    [Fact]
    public async Task A_prompt_that_its_owner_changes_after_submission_stays_what_it_was()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 1 });
        await first.Reached;
        var prompt = Prompts.Bytes("mine");
        var waiting = bench.RunAsync(new GenerationRequest(prompt) { MaxTokens = 5 });
        prompt.Clear();
        first.Open();

        var generation = await waiting;

        Assert.Equal(bench.Model.TextAfter(Prompts.Bytes("mine"), 5), generation.Text);
        await running;
    }

    [Fact]
    public async Task A_deadline_ends_a_request_that_still_waits()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 2 });
        await first.Reached;
        var waiting = bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")) { Deadline = TimeSpan.FromSeconds(1) });
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        first.Open();

        var generation = await waiting;

        Assert.Equal((FinishReason.Deadline, "", TimeSpan.FromSeconds(2)), (generation.Finish, generation.Text, generation.Usage.Queued));
        Assert.Equal(FinishReason.TokenLimit, (await running).Finish);
    }

    [Fact]
    public async Task Usage_tells_time_queued_in_prefill_and_in_decode_apart()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        var gates = Enumerable.Range(1, 3).Select(bench.Model.HoldStep).ToList();
        var before = bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")) { MaxTokens = 1 });
        await gates[0].Reached;
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("y")) { MaxTokens = 2 });
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        gates[0].Open();
        await gates[1].Reached;
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        gates[1].Open();
        await gates[2].Reached;
        bench.Time.Advance(TimeSpan.FromSeconds(3));
        gates[2].Open();

        var usage = (await running).Usage;

        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)), (usage.Queued, usage.Prefill, usage.Decode));
        await before;
    }

    [Fact]
    public async Task Beyond_the_queue_the_oldest_waiting_request_is_answered_overloaded()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1, MaxWaiting = 1 });
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")) { MaxTokens = 2 });
        await first.Reached;
        var oldest = bench.RunAsync(new GenerationRequest(Prompts.Bytes("b")) { MaxTokens = 2 });
        var newest = bench.RunAsync(new GenerationRequest(Prompts.Bytes("c")) { MaxTokens = 2 });
        first.Open();

        var finishes = (await Task.WhenAll(running, oldest, newest)).Select(static generation => generation.Finish);

        Assert.Equal([FinishReason.TokenLimit, FinishReason.Overloaded, FinishReason.TokenLimit], finishes);
    }

    [Fact]
    public async Task Requests_that_were_stopped_before_they_got_a_turn_push_nobody_out()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1, MaxWaiting = 2 });
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")) { MaxTokens = 2 });
        await first.Reached;
        var patient = bench.RunAsync(new GenerationRequest(Prompts.Bytes("b")) { MaxTokens = 2 });
        using var superseded = new CancellationTokenSource();
        var outdone = Enumerable.Range(0, 5).Select(_ => bench.RunAsync(new GenerationRequest(Prompts.Bytes("c")) { Superseded = superseded.Token })).ToList();
        await superseded.CancelAsync();
        first.Open();

        var generation = await patient;

        Assert.Equal(FinishReason.TokenLimit, generation.Finish);
        Assert.All(await Task.WhenAll(outdone), static other => Assert.Equal(FinishReason.Superseded, other.Finish));
        await running;
    }

    [Fact]
    public async Task Eight_at_once_get_the_texts_that_they_get_alone()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxBatchTokens = 24 });
        var requests = Enumerable.Range(0, 8).Select(static i => new GenerationRequest(Prompts.Bytes($"{new string('x', 7 * i)}prompt {i}")) { MaxTokens = 60 + (5 * i) }).ToList();
        var first = bench.Model.HoldStep(1);
        var running = requests.ConvertAll(request => bench.RunAsync(request));
        await first.Reached;
        first.Open();

        var texts = (await Task.WhenAll(running)).Select(static generation => generation.Text);

        Assert.Equal(requests.Select(request => bench.Model.TextAfter(request.Prompt, request.MaxTokens)), texts);
        Assert.Contains(bench.Model.Log, static step => step.Split(' ').Length == 8);
    }

    [Fact]
    public async Task The_same_prompt_again_takes_all_but_its_last_token_from_the_cache()
    {
        await using var bench = await EngineBench.StartAsync();
        var request = new GenerationRequest(Prompts.Bytes("def add(a, b):"));
        var first = await bench.RunAsync(request);

        var second = await bench.RunAsync(request);

        Assert.Equal((0, 13), (first.Usage.CachedTokens, second.Usage.CachedTokens));
        Assert.Equal(first.Text, second.Text);
    }

    [Fact]
    public async Task Traced_chunks_carry_their_token_and_its_lead()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("a") });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { TraceMargins = true });

        Assert.Equal([new('a', 10), new TracedToken(ByteVocabulary.End, 10)], generation.Chunks.SelectMany(static chunk => chunk.Tokens));
    }

    [Fact]
    public async Task A_token_s_lead_is_worked_out_only_where_somebody_asks_for_it()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("a") });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { TraceTokens = true });

        Assert.Equal([new('a', 0), new TracedToken(ByteVocabulary.End, 0)], generation.Chunks.SelectMany(static chunk => chunk.Tokens));
    }

    [Fact]
    public async Task Scored_chunks_say_how_likely_a_token_was_and_how_much_text_it_gave()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("aé") });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { ScoreTokens = true });

        var tokens = generation.Chunks.SelectMany(static chunk => chunk.Tokens).ToList();
        Assert.Equal([1, 0, 1, 0], tokens.Select(static token => token.Length)); // é is two tokens here, and whole with the second
        Assert.All(tokens, static token => Assert.InRange(token.LogProbability, -0.1f, 0));
    }

    [Fact]
    public async Task A_stop_rule_ends_the_text_in_the_step_that_says_enough()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("one two three") };
        await using var bench = await EngineBench.StartAsync(model);

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { StopRule = new EnoughAt('w') });

        Assert.Equal(("one tw", FinishReason.StopRule), (generation.Text, generation.Finish));
        Assert.Equal((6, 0), (generation.Usage.GeneratedTokens, generation.Usage.TokensAfterStop));
    }

    [Fact]
    public async Task A_request_made_by_hand_overtakes_those_that_wait()
    {
        await using var bench = await EngineBench.StartAsync(options: new EngineOptions { MaxRunning = 1 });
        var first = bench.Model.HoldStep(1);
        var running = bench.RunAsync(new GenerationRequest(Prompts.Bytes("a")) { MaxTokens = 1 });
        await first.Reached;
        var typed = bench.RunAsync(new GenerationRequest(Prompts.Bytes("bb")) { MaxTokens = 1 });
        var invoked = bench.RunAsync(new GenerationRequest(Prompts.Bytes("ccc")) { MaxTokens = 1, Priority = RequestPriority.Invoked });
        first.Open();

        await Task.WhenAll(running, typed, invoked);

        Assert.Equal(["+1", "+3", "+2"], bench.Model.Log.Select(static step => step[step.IndexOf('+', StringComparison.Ordinal)..]));
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 0)]
    [InlineData(90, 11)]
    [InlineData(10, int.MaxValue)]
    public async Task A_request_that_can_never_run_is_refused_with_a_sentence(int promptTokens, int maxTokens)
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel(contextCells: 100));
        var request = new GenerationRequest(Prompts.Long(promptTokens)) { MaxTokens = maxTokens };

        await Assert.ThrowsAsync<EngineException>(() => bench.RunAsync(request));

        Assert.Equal(FinishReason.TokenLimit, (await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")))).Finish);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(262)]
    public async Task A_token_that_the_vocabulary_lacks_is_refused_before_it_can_fail_a_step(int token)
    {
        await using var bench = await EngineBench.StartAsync();

        await Assert.ThrowsAsync<EngineException>(() => bench.RunAsync(new GenerationRequest([1, token])));

        Assert.Equal(0, bench.Model.Steps);
    }

    [Fact]
    public async Task A_look_that_throws_is_answered_and_the_engine_goes_on()
    {
        await using var bench = await EngineBench.StartAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => bench.Engine.InspectAsync<int>(static _ => throw new InvalidOperationException()).WaitAsync(Patience.Limit));

        Assert.Equal(FinishReason.TokenLimit, (await bench.RunAsync(new GenerationRequest(Prompts.Bytes("x")))).Finish);
    }

    private sealed class EnoughAt(char last) : Infill.Engine.Sampling.IStopRule
    {
        public bool IsEnough(ReadOnlySpan<char> text, float logProbability) => text.Contains(last);
    }
}
