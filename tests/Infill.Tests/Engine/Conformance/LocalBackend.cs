using Infill.Engine;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Conformance;

/// <summary>Our own engine over any model.</summary>
internal sealed class LocalBackend : GenerationBackend
{
    private readonly StepControl _control = new();
    private readonly CompletionEngine _engine;
    private IVocabulary _vocabulary = null!; // set by StartAsync

    private LocalBackend(Func<IModel> load, EngineOptions options) =>
        _engine = new CompletionEngine(() => new HeldModel(load(), _control), options, Time, NullLogger.Instance);

    public static async Task<GenerationBackend> StartAsync(Func<IModel> load)
    {
        var options = new EngineOptions { MaxRunning = 1, MaxWaiting = 1, MaxBatchTokens = StepTokens, MaxSequences = 4, Threads = 1, Speculation = false };
        var backend = new LocalBackend(load, options);
        backend._vocabulary = await backend._engine.Ready.WaitAsync(Patience.Limit);
        return backend;
    }

    public override IReadOnlyList<int> Prompt(char kind = 'a')
    {
        var tokens = new List<int>();
        for (var i = 0; tokens.Count <= 2 * StepTokens; i++) _vocabulary.Tokenize($"{kind}{i} = {kind}{i + 1} + 1\n", tokens);
        return tokens;
    }

    public override IAsyncEnumerable<GenerationChunk> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        _engine.GenerateAsync(request, cancellationToken);

    public override Gate HoldStep(int number) => _control.Hold(number);

    public override void Fail() => _control.Fails = true;

    public override void EndText() => _control.EndsText = true;

    public override async Task AssertQuietAsync()
    {
        var (busy, books) = await _engine.InspectAsync(static loop => (
            loop.Scheduler.HasWork,
            loop.Cache.Slots.Select(slot => (slot.Owner, Believed: slot.Length, Held: loop.Model!.Length(slot.Id))).ToList())).WaitAsync(Patience.Limit);
        Assert.False(busy);
        Assert.All(books, static slot => Assert.Equal((null, slot.Held), (slot.Owner, slot.Believed)));
    }

    public override async ValueTask DisposeAsync() => await _engine.DisposeAsync().AsTask().WaitAsync(Patience.Limit);
}
