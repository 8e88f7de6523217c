using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Llama;

/// <summary>The real model, whose contexts tests can listen to.</summary>
internal sealed class ObservedModel(LlamaModel inner) : IModel
{
    public IVocabulary Vocabulary => inner.Vocabulary;

    public IModelRunner CreateRunner(EngineOptions options) => new ObservedRunner(inner.CreateRunner(options));

    public void ReleaseWeights() => inner.ReleaseWeights();

    public void Dispose() => inner.Dispose();

    /// <summary>No request is left, and every slot holds as much as the engine believes.</summary>
    public static async Task AssertQuietAsync(CompletionEngine engine)
    {
        var (busy, books) = await engine.InspectAsync(static loop => (
            loop.Scheduler.HasWork,
            loop.Cache.Slots.Select(slot => (slot.Owner, Believed: slot.Length, Held: loop.Model!.Length(slot.Id))).ToList()));
        Assert.False(busy);
        Assert.All(books, static slot =>
        {
            Assert.Null(slot.Owner);
            Assert.Equal(slot.Held, slot.Believed);
        });
    }
}

/// <summary>The real runner, with an ear at its abort signal: tests act inside a step without guessing times.</summary>
internal sealed class ObservedRunner(IModelRunner inner) : IModelRunner
{
    private ObservedLane? _lane;
    private int _steps;

    public Func<int, Action?>? OnPoll { get; set; }

    public IVocabulary Vocabulary => inner.Vocabulary;

    public KvLayout Layout => inner.Layout;

    public int ContextCells => inner.ContextCells;

    public int ContextTokens => inner.ContextTokens;

    public int MaxSequences => inner.MaxSequences;

    public bool IsOnDevice => inner.IsOnDevice;

    public bool AddsUpAlike => inner.AddsUpAlike;

    /// <summary>Told after each piece of a prompt that is computed between steps, with its number.</summary>
    public Action<int>? OnPiece { get; set; }

    public IPrefillLane? Lane => _lane ??= inner.Lane is { } lane ? new ObservedLane(lane, piece => OnPiece?.Invoke(piece)) : null;

    public void Begin(StepPlan plan) => inner.Begin(plan);

    public StepStatus Run(StepPlan plan, Func<bool> shouldAbort)
    {
        _steps++;
        return inner.Run(plan, () =>
        {
            OnPoll?.Invoke(_steps)?.Invoke();
            return shouldAbort();
        });
    }

    public void UseThreads(int threads) => inner.UseThreads(threads);

    public void Rest() => inner.Rest();

    public ReadOnlySpan<float> Logits(int slice, int drafted = 0) => inner.Logits(slice, drafted);

    public bool TryTruncate(int slot, int length) => inner.TryTruncate(slot, length);

    public bool TryCopy(int source, int target, int length) => inner.TryCopy(source, target, length);

    public int Length(int slot) => inner.Length(slot);

    public void Dispose()
    {
        inner.Dispose();
        inner.Dispose(); // twice is harmless
    }
}

/// <summary>The real lane, with an ear between its pieces.</summary>
internal sealed class ObservedLane(IPrefillLane inner, Action<int> onPiece) : IPrefillLane
{
    private int _pieces;

    public bool CanBegin => inner.CanBegin;

    public int Length => inner.Length;

    public bool TryBegin(int slot, ReadOnlySpan<int> tokens, int length) => inner.TryBegin(slot, tokens, length);

    public bool Run(Func<bool> mayGoOn) => inner.Run(() =>
    {
        onPiece(++_pieces);
        return mayGoOn();
    });

    public bool TryShare() => inner.TryShare();

    public bool TryFinish() => inner.TryFinish();
}
