using Infill.Engine;

namespace Infill.Tests.Scenarios;

/// <summary>Hands out the contexts of one script: the first one is the script itself.</summary>
internal sealed class ScriptedWeights(ScriptedModel first) : IModel
{
    private volatile ScriptedModel _current = first;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _made;

    public IVocabulary Vocabulary => _current.Vocabulary;

    /// <summary>The context that was made last.</summary>
    public ScriptedModel Current => _current;

    /// <summary>Contexts made so far.</summary>
    public int Made => Volatile.Read(ref _made);

    public bool Disposed { get; private set; }

    /// <summary>Before a context is made, with its number from 1; may throw.</summary>
    public Action<int>? BeforeContext { get; set; }

    public IModelRunner CreateRunner(EngineOptions options)
    {
        BeforeContext?.Invoke(Made + 1);
        if (Interlocked.Increment(ref _made) > 1) _current = _current.Successor();
        return _current;
    }

    /// <summary>Completes when the weights are released for the first time.</summary>
    public Task Released => _released.Task.WaitAsync(Patience.Limit);

    public void ReleaseWeights()
    {
        if (!_current.Disposed) throw new InvalidOperationException("Weights were released under a context.");
        _released.TrySetResult();
    }

    public void Dispose() => Disposed = true;
}
