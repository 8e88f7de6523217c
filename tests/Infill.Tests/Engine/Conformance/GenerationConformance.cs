using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Conformance;

/// <summary>
/// What every backend promises of <c>GenerateAsync</c>: every reason to stop, at every stage, and every order of events. A backend
/// is held to it by a class that derives from this one.
/// </summary>
public abstract class GenerationConformance : IAsyncLifetime
{
    private const int Tokens = 12;

    private GenerationBackend _backend = null!; // made by InitializeAsync

    internal abstract Task<GenerationBackend> StartAsync();

    public async ValueTask InitializeAsync() => _backend = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_last_chunk_and_no_other_says_why_it_ended_and_what_it_cost()
    {
        var prompt = _backend.Prompt();

        var generation = await RunAsync(new GenerationRequest(prompt) { MaxTokens = Tokens }); // checks the chunks before the last

        Assert.Equal((FinishReason.TokenLimit, Tokens, prompt.Count, 0), (generation.Finish, generation.Usage.GeneratedTokens, generation.Usage.PromptTokens, generation.Usage.TokensAfterStop));
        Assert.NotEmpty(generation.Text);
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task The_same_prompt_gives_the_same_text_and_comes_from_the_cache()
    {
        var request = new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens };
        var first = await RunAsync(request);

        var second = await RunAsync(request);

        Assert.Equal(first.Text, second.Text);
        Assert.Equal((0, request.Prompt.Count - 1), (first.Usage.CachedTokens, second.Usage.CachedTokens));
    }

    [Fact]
    public async Task A_text_that_must_begin_with_what_is_there_gives_out_what_follows()
    {
        var whole = (await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens })).Text;

        var generation = await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens, Start = System.Text.Encoding.UTF8.GetBytes(whole[..2]) });

        Assert.Equal(whole[2..], generation.Text);
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task A_text_that_ends_by_itself_says_so()
    {
        _backend.EndText();

        var generation = await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens });

        Assert.Equal((FinishReason.EndOfText, "", 1), (generation.Finish, generation.Text, generation.Usage.GeneratedTokens));
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task A_text_whose_end_is_to_be_ignored_goes_on_to_its_limit()
    {
        _backend.EndText();

        var generation = await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens, IgnoreEndOfText = true });

        Assert.Equal((FinishReason.TokenLimit, Tokens), (generation.Finish, generation.Usage.GeneratedTokens));
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task A_stop_string_ends_the_text_before_it()
    {
        var whole = (await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens })).Text;
        var stop = whole.Substring(whole.Length / 2, 2);

        var generation = await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens, StopStrings = [stop] });

        Assert.Equal((FinishReason.StopRule, whole[..whole.IndexOf(stop, StringComparison.Ordinal)]), (generation.Finish, generation.Text));
        await _backend.AssertQuietAsync();
    }

    [Theory]
    [InlineData(FinishReason.Cancelled, Stage.Waiting)]
    [InlineData(FinishReason.Cancelled, Stage.Prefill)]
    [InlineData(FinishReason.Cancelled, Stage.Decode)]
    [InlineData(FinishReason.Superseded, Stage.Waiting)]
    [InlineData(FinishReason.Superseded, Stage.Prefill)]
    [InlineData(FinishReason.Superseded, Stage.Decode)]
    [InlineData(FinishReason.Deadline, Stage.Waiting)]
    [InlineData(FinishReason.Deadline, Stage.Prefill)]
    [InlineData(FinishReason.Deadline, Stage.Decode)]
    public async Task Stopped_at_any_stage_for_any_reason_it_says_why_and_leaves_nothing_behind(FinishReason reason, Stage stage)
    {
        var whole = (await RunAsync(new GenerationRequest(_backend.Prompt('b')) { MaxTokens = 4 })).Text;
        using var stop = new Stop();
        var request = stop.Of(reason, new GenerationRequest(_backend.Prompt()) { MaxTokens = 100 });
        var gate = _backend.HoldStep(stage == Stage.Waiting ? 1 : GenerationBackend.StepOf(stage, request.Prompt.Count));
        Task before = Task.CompletedTask;
        if (stage == Stage.Waiting)
        {
            before = RunAsync(new GenerationRequest(_backend.Prompt('c')) { MaxTokens = 1 });
            await gate.Reached;
        }

        var running = RunAsync(request, stop.Token);
        await gate.Reached;
        await stop.ForAsync(reason, _backend.Time);
        gate.Open();

        var generation = await running;

        await before;
        Assert.Equal(reason, generation.Finish);
        Assert.Equal(stage == Stage.Decode, generation.Usage.GeneratedTokens > 0);
        Assert.InRange(generation.Usage.TokensAfterStop, 0, GenerationBackend.StepTokens); // the step that ran, at most
        await _backend.AssertQuietAsync();
        Assert.Equal(whole, (await RunAsync(new GenerationRequest(_backend.Prompt('b')) { MaxTokens = 4 })).Text);
    }

    [Fact]
    public async Task Cancelled_before_it_began_it_computes_nothing()
    {
        var generation = await RunAsync(new GenerationRequest(_backend.Prompt()), new CancellationToken(canceled: true));

        Assert.Equal((FinishReason.Cancelled, "", 0), (generation.Finish, generation.Text, generation.Usage.GeneratedTokens));
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task The_first_reason_to_stop_counts()
    {
        using var stop = new Stop();
        var request = stop.Of(FinishReason.Superseded, new GenerationRequest(_backend.Prompt()));
        var gate = _backend.HoldStep(2);
        var running = RunAsync(request, stop.Token);
        await gate.Reached;
        await stop.ForAsync(FinishReason.Superseded, _backend.Time);
        await stop.ForAsync(FinishReason.Cancelled, _backend.Time);
        gate.Open();

        Assert.Equal(FinishReason.Superseded, (await running).Finish);
    }

    [Fact]
    public async Task A_stop_after_the_end_changes_nothing()
    {
        using var stop = new Stop();
        var generation = await RunAsync(stop.Of(FinishReason.Superseded, new GenerationRequest(_backend.Prompt()) { MaxTokens = 2 }), stop.Token);

        await stop.ForAsync(FinishReason.Superseded, _backend.Time);
        await stop.ForAsync(FinishReason.Cancelled, _backend.Time);

        Assert.Equal(FinishReason.TokenLimit, generation.Finish);
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task Where_too_many_wait_the_oldest_is_told_so()
    {
        var gate = _backend.HoldStep(1);
        var running = RunAsync(new GenerationRequest(_backend.Prompt('a')) { MaxTokens = 1 });
        await gate.Reached;
        var oldest = RunAsync(new GenerationRequest(_backend.Prompt('b')) { MaxTokens = 1 });
        var newest = RunAsync(new GenerationRequest(_backend.Prompt('c')) { MaxTokens = 1 });
        gate.Open();

        var finishes = (await Task.WhenAll(running, oldest, newest)).Select(static generation => generation.Finish);

        Assert.Equal([FinishReason.TokenLimit, FinishReason.Overloaded, FinishReason.TokenLimit], finishes);
        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task A_backend_that_fails_is_told_of_in_the_last_chunk()
    {
        _backend.Fail();

        var generation = await RunAsync(new GenerationRequest(_backend.Prompt()));

        Assert.Equal((FinishReason.Faulted, "The backend stumbled."), (generation.Finish, generation.Last.Fault));
    }

    [Fact]
    public async Task Breaking_out_of_the_enumeration_stops_it()
    {
        await foreach (var _ in _backend.GenerateAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = 1000 })) break;

        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task An_exception_in_the_loop_stops_it_and_passes_on()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in _backend.GenerateAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = 1000 })) throw new InvalidOperationException();
        });

        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task Disposing_the_enumerator_stops_it()
    {
        var reader = _backend.GenerateAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = 1000 }).GetAsyncEnumerator();
        await reader.MoveNextAsync();

        await reader.DisposeAsync();

        await _backend.AssertQuietAsync();
    }

    [Fact]
    public async Task An_enumerator_that_is_disposed_unread_has_begun_nothing()
    {
        var reader = _backend.GenerateAsync(new GenerationRequest(_backend.Prompt())).GetAsyncEnumerator();

        await reader.DisposeAsync();

        await _backend.AssertQuietAsync();
        Assert.Equal(0, (await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = 1 })).Usage.CachedTokens);
    }

    [Fact]
    public async Task Two_enumerations_are_two_generations()
    {
        var chunks = _backend.GenerateAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens });
        var first = await EngineBench.ReadAsync(chunks);

        var second = await EngineBench.ReadAsync(chunks);

        Assert.Equal(first.Text, second.Text);
        Assert.True(second.Usage.CachedTokens > 0);
    }

    [Fact]
    public async Task A_slow_reader_loses_nothing_and_holds_up_nobody()
    {
        var whole = (await RunAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens })).Text;
        await using var slow = _backend.GenerateAsync(new GenerationRequest(_backend.Prompt()) { MaxTokens = Tokens }).GetAsyncEnumerator();
        await slow.MoveNextAsync();
        var text = slow.Current.Text;

        var other = await RunAsync(new GenerationRequest(_backend.Prompt('b')) { MaxTokens = Tokens });
        while (await slow.MoveNextAsync()) text += slow.Current.Text;

        Assert.Equal(FinishReason.TokenLimit, other.Finish);
        Assert.Equal(whole, text);
    }

    [Fact]
    public async Task Ending_the_backend_answers_who_runs_and_who_waits()
    {
        var gate = _backend.HoldStep(2);
        var running = RunAsync(new GenerationRequest(_backend.Prompt()));
        await gate.Reached;
        var waiting = RunAsync(new GenerationRequest(_backend.Prompt('b')));
        var ending = _backend.DisposeAsync().AsTask();
        gate.Open();

        var finishes = (await Task.WhenAll(running, waiting)).Select(static generation => generation.Finish);

        Assert.Equal([FinishReason.Cancelled, FinishReason.Cancelled], finishes);
        await ending;
    }

    private Task<Generation> RunAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        EngineBench.ReadAsync(_backend.GenerateAsync(request, cancellationToken));

    /// <summary>The ways to stop one request.</summary>
    private sealed class Stop : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
        private readonly CancellationTokenSource _cancel = new();
        private readonly CancellationTokenSource _newer = new();

        public CancellationToken Token => _cancel.Token;

        public GenerationRequest Of(FinishReason reason, GenerationRequest request) =>
            request with { Superseded = _newer.Token, Deadline = reason == FinishReason.Deadline ? Patience : null };

        public async Task ForAsync(FinishReason reason, ManualTime time)
        {
            if (reason == FinishReason.Cancelled) await _cancel.CancelAsync();
            if (reason == FinishReason.Superseded) await _newer.CancelAsync();
            if (reason == FinishReason.Deadline) time.Advance(Patience);
        }

        public void Dispose()
        {
            _cancel.Dispose();
            _newer.Dispose();
        }
    }
}
