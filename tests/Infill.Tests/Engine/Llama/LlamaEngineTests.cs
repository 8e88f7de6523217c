using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaEngineInStreamsTests() : LlamaEngineTests(KvLayout.Streams);

[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaEngineInOnePoolTests() : LlamaEngineTests(KvLayout.Unified);

/// <summary>The engine over the default model, in either layout of the KV cache.</summary>
public abstract class LlamaEngineTests : IAsyncLifetime
{
    private readonly CompletionEngine _engine;
    private IVocabulary _vocabulary = null!; // set before the first test's body

    protected LlamaEngineTests(KvLayout layout)
    {
        // One thread: a second one that a busy machine pushes aside stops the first, and these tests measure nothing.
        var options = new EngineOptions { Layout = layout, ContextCells = 4096, MaxSequences = 5, MaxRunning = 4, Threads = 1 };
        _engine = new(() => new ObservedModel(DefaultModel.Load()), options, TimeProvider.System, NullLogger.Instance);
    }

    public async ValueTask InitializeAsync() => _vocabulary = await _engine.Ready.WaitAsync(Patience.Limit);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Greedy_text_is_stable_and_not_empty()
    {
        var request = new GenerationRequest(Prompt("a.py", "def add(a, b):\n    return")) { MaxTokens = 24 };
        var first = await RunAsync(request);
        await RunAsync(new GenerationRequest(Prompt("b.py", "something else entirely")) { MaxTokens = 4 });

        var second = await RunAsync(request);

        TestContext.Current.TestOutputHelper?.WriteLine(first.Text);
        Assert.NotEmpty(first.Text.Trim());
        Assert.Equal(first.Text, second.Text);
    }

    [Fact]
    public async Task The_same_prompt_again_takes_all_but_its_last_token_from_the_cache()
    {
        var request = new GenerationRequest(Prompt("a.py", "def add(a, b):\n    return")) { MaxTokens = 8 };
        await RunAsync(request);

        var second = await RunAsync(request);

        Assert.Equal(request.Prompt.Count - 1, second.Usage.CachedTokens);
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Fact]
    public async Task After_a_copied_beginning_the_text_is_that_of_a_prompt_computed_whole()
    {
        const string Beginning = "import os\nimport sys\n\nclass Stack:\n    def __init__(self):\n        self.items = []\n";
        var first = Prompt("a.py", Beginning + string.Concat(Enumerable.Range(0, 12).Select(static i => $"value_{i} = {i * 7919}\n")));
        var request = new GenerationRequest(Prompt("a.py", Beginning + "\n    def push(self, item):\n        self.items.append(item)\n\n    def pop(self):\n        return self.items.pop()\n\n    def peek(self):\n"))
        {
            MaxTokens = 24, TraceMargins = true,
        };
        var whole = await RunAsync(request); // nothing is cached yet
        await _engine.InspectAsync(static loop => loop.Cache.TryEvict());
        await RunAsync(new GenerationRequest(first) { MaxTokens = 1 });

        var copied = await RunAsync(request);

        Assert.Equal((0, first.Zip(request.Prompt).TakeWhile(static pair => pair.First == pair.Second).Count()), (whole.Usage.CachedTokens, copied.Usage.CachedTokens));
        AssertSame(Tokens(whole), Tokens(copied));
        Assert.True(await _engine.InspectAsync(loop => loop.Cache.Slots.Any(slot => slot.Tokens.SequenceEqual(first.ToArray()))));
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Fact]
    public async Task Four_at_once_part_from_the_texts_they_get_alone_only_where_two_tokens_nearly_tie()
    {
        string[] prefixes =
        [
            "def add(a, b):\n    return", "import os\n\ndef read(path):\n    with open(",
            "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n", "for i in range(10):\n    ",
        ];
        var requests = prefixes.Select(prefix => new GenerationRequest(Prompt("a.py", prefix)) { MaxTokens = 24, TraceMargins = true }).ToList();
        var alone = new List<List<TracedToken>>();
        foreach (var request in requests) alone.Add(Tokens(await RunAsync(request)));

        var together = (await Task.WhenAll(requests.Select(RunAsync))).Select(Tokens).ToList();

        for (var i = 0; i < requests.Count; i++) AssertSame(alone[i], together[i]);
    }

    [Fact]
    public async Task Cancelling_in_the_middle_of_a_long_prefill_aborts_the_step()
    {
        Assert.SkipWhen(await _engine.InspectAsync(static loop => loop.Model!.IsOnDevice), "A GPU asks nobody whether to abort a graph; its steps are short.");
        using var cancel = new CancellationTokenSource();
        var prompt = Prompt("long.py", string.Concat(Enumerable.Range(0, 400).Select(static i => $"value_{i} = {i * 7919}\n")));
        prompt.RemoveRange(1500, prompt.Count - 1500);
        var polls = 0;
        await ObserveAsync(steps => steps == 2 && ++polls == 20 ? cancel.Cancel : null);

        var generation = await RunAsync(new GenerationRequest(prompt) { MaxTokens = 4 }, cancel.Token);

        TestContext.Current.TestOutputHelper?.WriteLine($"{generation.Usage.TokensAfterStop} tokens after the stop, {polls} polls in the step");
        Assert.Equal((FinishReason.Cancelled, 0), (generation.Finish, generation.Usage.TokensAfterStop));
        Assert.InRange(polls, 20, 60); // asked hundreds of times in a whole step
        await ObservedModel.AssertQuietAsync(_engine);
    }

    [Fact]
    public async Task A_hundred_random_requests_and_cancellations_leave_the_books_true()
    {
#pragma warning disable CA5394 // repeatable by seed
        var random = new Random(5);
        for (var round = 0; round < 25; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LiveAsync(new Random(random.Next()))));
            await ObservedModel.AssertQuietAsync(_engine);
        }
#pragma warning restore CA5394
    }

#pragma warning disable CA5394
    private async Task LiveAsync(Random random)
    {
        using var cancel = new CancellationTokenSource();
        var prompt = Prompt($"{random.Next(3)}.py", string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(i => $"x{random.Next(2)} = {i}\n")));
        var after = random.Next(0, 10);
        var read = 0;
        if (after == 0) _ = Task.Run(cancel.Cancel);
        await foreach (var chunk in _engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = random.Next(1, 10) }, cancel.Token))
        {
            Assert.NotEqual(FinishReason.Faulted, chunk.Finish);
            if (++read == after) await cancel.CancelAsync();
        }

        Assert.NotEqual(0, read);
    }
#pragma warning restore CA5394

    /// <summary>Batches of other shapes add up in another order, so texts may part where two tokens nearly tie.</summary>
    private static void AssertSame(List<TracedToken> expected, List<TracedToken> actual)
    {
        var parted = expected.Zip(actual).FirstOrDefault(static pair => pair.First.Token != pair.Second.Token);
        TestContext.Current.TestOutputHelper?.WriteLine(parted == default ? "the same" : $"parted at a margin of {parted.First.Margin}");
        if (parted == default) Assert.Equal(expected.Count, actual.Count);
        else Assert.True(parted.First.Margin < 0.1f, $"A text parted from itself at a margin of {parted.First.Margin}.");
    }

    private async Task<Generation> RunAsync(GenerationRequest request, CancellationToken cancellationToken) =>
        await EngineBench.ReadAsync(_engine.GenerateAsync(request, cancellationToken));

    private Task<Generation> RunAsync(GenerationRequest request) => RunAsync(request, CancellationToken.None);

    private static List<TracedToken> Tokens(Generation generation) =>
        [.. generation.Chunks.SelectMany(static chunk => chunk.Tokens)];

    private List<int> Prompt(string file, string prefix)
    {
        var fim = _vocabulary.Fim;
        var tokens = new List<int> { fim.FileSeparator!.Value };
        _vocabulary.Tokenize(file + "\n", tokens);
        tokens.Add(fim.Suffix!.Value);
        _vocabulary.Tokenize("\n", tokens);
        tokens.Add(fim.Prefix!.Value);
        _vocabulary.Tokenize(prefix, tokens);
        tokens.Add(fim.Middle!.Value);
        return tokens;
    }

    /// <summary>Has <paramref name="onPoll"/> asked at each look at the abort signal, with the number of the step; what it returns is run there.</summary>
    private async Task ObserveAsync(Func<int, Action?> onPoll) => await _engine.InspectAsync(loop => ((ObservedRunner)loop.Model!).OnPoll = onPoll);
}
