using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

/// <summary>Prompts that llama.cpp computes in pieces, in a context of their own. What is asked for in advance always is, if it is long.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaPrefillLaneTests : IAsyncLifetime
{
    private const int ChunkTokens = 128;

    /// <summary>No two tokens nearly tie so far: batches of other shapes add up in another order.</summary>
    private const int TextTokens = 7;

    private readonly ManualTime _time = new();
    private readonly CompletionEngine _engine;
    private List<int> _prompt = null!; // set before the first test's body
    private volatile int _pieces;

    public LlamaPrefillLaneTests()
    {
        var options = new EngineOptions { MaxSequences = 4, Threads = 1 };
        _engine = new CompletionEngine(() => new ObservedModel(DefaultModel.Load()), options, _time, NullLogger.Instance);
    }

    public async ValueTask InitializeAsync()
    {
        var vocabulary = await _engine.Ready.WaitAsync(Patience.Limit);
        _prompt = [vocabulary.Fim.Suffix!.Value, vocabulary.Fim.Prefix!.Value];
        vocabulary.Tokenize(string.Concat(Enumerable.Range(0, 80).Select(static i => $"def add_{i}(a, b):\n    return a + b + {i}\n\n")) + "def add_80(a, b):\n    return", _prompt);
        _prompt.Add(vocabulary.Fim.Middle!.Value);
        await ObserveAsync();
        await _engine.InspectAsync(static loop =>
        {
            loop.Cost.Observe(new StepShape(DecodeSequences: 0, PrefillTokens: StepCost.Tile), TimeSpan.FromMilliseconds(20)); // this clock says nothing of it
            return true;
        });
        Assert.SkipWhen(await _engine.InspectAsync(static loop => loop.Model!.Lane is null), "A GPU's steps are short, and its graphs don't pause.");
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Fact]
    public async Task The_text_is_that_of_a_prompt_computed_in_steps()
    {
        var steps = await RunAsync(RequestPriority.Automatic);
        Assert.Equal(0, _pieces);
        await ForgetAsync();

        var pieces = await RunAsync(RequestPriority.LookAhead);

        Assert.True(_pieces > 10 * (_prompt.Count / ChunkTokens), $"{_pieces} pieces");
        Assert.Equal((steps.Text, 0), (pieces.Text, pieces.Usage.CachedTokens));
        Assert.Contains("80", steps.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_it_is_where_its_beginning_was_cached()
    {
        var whole = await RunAsync(RequestPriority.Automatic);
        await ForgetAsync();
        await RunAsync(RequestPriority.Automatic, _prompt.Count / 3);

        var rest = await RunAsync(RequestPriority.LookAhead);

        Assert.True(_pieces > 0);
        Assert.InRange(rest.Usage.CachedTokens, _prompt.Count / 3, _prompt.Count / 2);
        Assert.Equal(whole.Text, rest.Text);
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Fact]
    public async Task Others_run_to_their_end_between_two_pieces()
    {
        var alone = await RunAsync(RequestPriority.Automatic, 40);
        await ForgetAsync();
        Task<Generation>? between = null;
        var steps = new List<long>(); // that had run at each piece
        await ObserveAsync((piece, run) =>
        {
            steps.Add(run);
            if (piece == 30) between = RunAsync(RequestPriority.Automatic, 40);
        });

        var around = await RunAsync(RequestPriority.LookAhead);

        Assert.Equal(alone.Text, (await between!).Text);
        Assert.Equal(0, around.Usage.CachedTokens);
        Assert.Contains("80", around.Text, StringComparison.Ordinal);
        Assert.Single(steps.Zip(steps.Skip(1)), static pair => pair.Second > pair.First);
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Fact]
    public async Task Who_asks_in_the_middle_of_a_graph_has_the_chunks_before_it()
    {
        var whole = await RunAsync(RequestPriority.Automatic);
        await ForgetAsync();
        Task<Generation>? asked = null;
        await ObserveAsync((piece, _) =>
        {
            if (piece == 200) asked = RunAsync(RequestPriority.Automatic);
        });

        var ahead = await RunAsync(RequestPriority.LookAhead);

        var cached = (await asked!).Usage.CachedTokens;
        Assert.True(cached > 0 && cached % ChunkTokens == 0, $"{cached} tokens were there");
        Assert.Equal((whole.Text, whole.Text), ((await asked).Text, ahead.Text));
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Fact]
    public async Task Stopped_in_the_middle_of_a_graph_it_leaves_whole_chunks_as_cache()
    {
        var whole = await RunAsync(RequestPriority.Automatic);
        await ForgetAsync();
        using var cancel = new CancellationTokenSource();
        await ObserveAsync((piece, _) =>
        {
            if (piece == 100) cancel.Cancel();
        });

        var stopped = await RunAsync(RequestPriority.LookAhead, cancellationToken: cancel.Token);
        var again = await RunAsync(RequestPriority.LookAhead);

        Assert.Equal((FinishReason.Cancelled, 0), (stopped.Finish, stopped.Usage.TokensAfterStop));
        Assert.True(again.Usage.CachedTokens > 0 && again.Usage.CachedTokens % ChunkTokens == 0, $"{again.Usage.CachedTokens} tokens were kept");
        Assert.Equal(whole.Text, again.Text);
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Theory]
    [InlineData(1)] // heard: the graph is left
    [InlineData(2)] // and not heard in time: its thread is given up
    public async Task A_piece_that_overruns_changes_nothing_in_the_text(int limits)
    {
        var undisturbed = await RunAsync(RequestPriority.Automatic);
        await ForgetAsync();
        await ObserveAsync((piece, _) =>
        {
            for (var i = 0; piece == 40 && i < limits; i++) _time.Advance(new EngineOptions().WatchdogLimit);
        });

        var disturbed = await RunAsync(RequestPriority.LookAhead);

        Assert.True(_pieces >= 40);
        Assert.Equal((undisturbed.Text, undisturbed.Finish), (disturbed.Text, disturbed.Finish));
    }

    private async Task<Generation> RunAsync(RequestPriority priority, int? tokens = null, CancellationToken cancellationToken = default) =>
        await EngineBench.ReadAsync(_engine.GenerateAsync(new GenerationRequest([.. _prompt.Take(tokens ?? _prompt.Count)]) { MaxTokens = TextTokens, Priority = priority }, cancellationToken));

    private async Task ForgetAsync()
    {
        await _engine.InspectAsync(static loop =>
        {
            while (loop.Cache.TryEvict())
            {
            }

            return true;
        });
    }

    /// <summary>Has <paramref name="onPiece"/> told of each piece, with its number and the steps that have run by then.</summary>
    private async Task ObserveAsync(Action<int, long>? onPiece = null) =>
        await _engine.InspectAsync(loop => ((ObservedRunner)loop.Model!).OnPiece = piece =>
        {
            _pieces = piece;
            onPiece?.Invoke(piece, loop.Steps);
        });
}
