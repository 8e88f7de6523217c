using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine.Conformance;

/// <summary>What tests do to a model's steps, whichever model it is. Told by tests, obeyed on the engine thread.</summary>
internal sealed class StepControl
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Gate> _gates = []; // guarded by _lock
    private int _steps;                                 // guarded by _lock

    public volatile bool Fails;
    public volatile bool EndsText;

    public Gate Hold(int number)
    {
        lock (_lock) return _gates[_steps + number] = new Gate();
    }

    /// <summary>Engine thread: a step begins.</summary>
    public void Pass()
    {
        Gate? gate;
        lock (_lock) _gates.TryGetValue(++_steps, out gate);
        gate?.Pass();
        if (Fails) throw new EngineException("The backend stumbled.");
    }
}

/// <summary>A model whose contexts obey a <see cref="StepControl"/>.</summary>
internal sealed class HeldModel(IModel inner, StepControl control) : IModel
{
    public IVocabulary Vocabulary => inner.Vocabulary;

    public IModelRunner CreateRunner(EngineOptions options) => new HeldRunner(inner.CreateRunner(options), control);

    public void ReleaseWeights() => inner.ReleaseWeights();

    public void Dispose() => inner.Dispose();
}

/// <summary>A context that obeys a <see cref="StepControl"/>.</summary>
internal sealed class HeldRunner(IModelRunner inner, StepControl control) : IModelRunner
{
    private float[]? _end;

    public IVocabulary Vocabulary => inner.Vocabulary;

    public KvLayout Layout => inner.Layout;

    public int ContextCells => inner.ContextCells;

    public int ContextTokens => inner.ContextTokens;

    public int MaxSequences => inner.MaxSequences;

    public bool IsOnDevice => inner.IsOnDevice;

    public bool AddsUpAlike => inner.AddsUpAlike;

    public IPrefillLane? Lane => inner.Lane;

    public void Begin(StepPlan plan) => inner.Begin(plan);

    public StepStatus Run(StepPlan plan, Func<bool> shouldAbort)
    {
        control.Pass();
        return inner.Run(plan, shouldAbort);
    }

    public void UseThreads(int threads) => inner.UseThreads(threads);

    public void Rest() => inner.Rest();

    public ReadOnlySpan<float> Logits(int slice, int drafted = 0)
    {
        if (!control.EndsText) return inner.Logits(slice, drafted);
        _end ??= [.. Enumerable.Range(0, Vocabulary.Size).Select(token => Vocabulary.IsEndOfGeneration(token) ? 1f : 0f)];
        return _end;
    }

    public bool TryTruncate(int slot, int length) => inner.TryTruncate(slot, length);

    public bool TryCopy(int source, int target, int length) => inner.TryCopy(source, target, length);

    public int Length(int slot) => inner.Length(slot);

    public void Dispose() => inner.Dispose();
}
