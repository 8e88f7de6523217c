namespace Infill.Server;

/// <summary>How far a model's loading is, for whoever shows it. Any thread; guarded by its own lock.</summary>
internal sealed class LoadProgress : IProgress<float>
{
    private readonly Lock _gate = new();
    private Action<int>? _watchers; // guarded by _gate, as all below
    private int _percent;

    /// <summary>Of the model that was loaded last, or is being loaded.</summary>
    public int Percent
    {
        get
        {
            lock (_gate) return _percent;
        }
    }

    /// <param name="told">Called on the thread that loads, whenever the percentage is another one.</param>
    public void Watch(Action<int> told)
    {
        lock (_gate) _watchers += told;
    }

    /// <summary>One call may still be under way.</summary>
    public void Leave(Action<int> told)
    {
        lock (_gate) _watchers -= told;
    }

    /// <param name="value">The share that is loaded, 0 to 1.</param>
    public void Report(float value)
    {
        var percent = (int)(100 * Math.Clamp(value, 0, 1));
        Action<int>? watchers;
        lock (_gate)
        {
            if (percent == _percent) return;
            _percent = percent;
            watchers = _watchers;
        }

        watchers?.Invoke(percent);
    }
}
