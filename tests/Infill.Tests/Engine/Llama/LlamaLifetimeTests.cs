using Infill.Engine;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

/// <summary>Contexts of llama.cpp that are lost or released, and what comes after them.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaLifetimeTests : IAsyncLifetime
{
    private static readonly TimeSpan Overrun = TimeSpan.FromMinutes(2);

    private readonly ManualTime _time = new();
    private readonly CompletionEngine _engine;
    private List<int> _prompt = null!; // set before the first test's body

    public LlamaLifetimeTests()
    {
        var options = new EngineOptions { MaxSequences = 2, Threads = 1 };
        _engine = new CompletionEngine(() => new ObservedModel(DefaultModel.Load()), options, _time, NullLogger.Instance);
    }

    public async ValueTask InitializeAsync()
    {
        var vocabulary = await _engine.Ready.WaitAsync(Patience.Limit);
        _prompt = [vocabulary.Fim.Suffix!.Value, vocabulary.Fim.Prefix!.Value];
        vocabulary.Tokenize("def add(a, b):\n    return", _prompt);
        _prompt.Add(vocabulary.Fim.Middle!.Value);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData(1)] // heard: the step is aborted
    [InlineData(2)] // and not heard in time: its thread is given up
    public async Task A_step_that_overruns_in_the_middle_of_the_graph_changes_nothing_in_the_text(int limits)
    {
        Assert.SkipWhen(await _engine.InspectAsync(static loop => loop.Model!.IsOnDevice), "A GPU asks nobody whether to abort a graph; its steps are short.");
        var undisturbed = await RunAsync();
        var polls = 0;
        await _engine.InspectAsync(loop => ((ObservedRunner)loop.Model!).OnPoll = _ => ++polls == 5 ? () => Pass(limits) : null);

        var disturbed = await RunAsync();

        Assert.Equal((undisturbed.Text, undisturbed.Finish), (disturbed.Text, disturbed.Finish));
        Assert.True(polls >= 5);
        Assert.Equal(undisturbed.Text, (await RunAsync()).Text);
    }

    [Fact]
    public async Task What_idling_released_comes_back_with_the_next_request()
    {
        var before = await RunAsync();
        var vocabulary = await _engine.Ready;
        for (var times = 0; times < 3; times++) // the context, the weights, nothing more
        {
            _time.Advance(new EngineOptions().IdleRelease);
            await _engine.InspectAsync(static loop => loop.Steps);
            await _engine.InspectAsync(static loop => loop.Steps); // the turn before this one may have been the release's
        }

        Assert.Null(await _engine.InspectAsync(static loop => loop.Model));
        List<int> tokens = [];
        vocabulary.Tokenize("while nothing is loaded", tokens);
        Assert.NotEmpty(tokens);
        Assert.Equal(before.Text, (await RunAsync()).Text);
    }

    private void Pass(int limits)
    {
        for (var i = 0; i < limits; i++) _time.Advance(Overrun);
    }

    private Task<Generation> RunAsync() => EngineBench.ReadAsync(_engine.GenerateAsync(new GenerationRequest(_prompt) { MaxTokens = 12 }));
}
