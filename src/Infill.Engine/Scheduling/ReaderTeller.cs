namespace Infill.Engine.Scheduling;

/// <summary>Wakes the readers of texts: of many together on another thread, which is woken once for all of them.</summary>
/// <remarks>
/// To wake a reader is a call of the kernel. Where 32 texts are written on two cores the engine thread was kept 0.5 ms a step by
/// its calls, of 26, and the pool's threads that it woke fell asleep again after each reader. What the readers do takes the cores
/// from the step besides: 0.25 ms of 8 for eight of them. So several are woken once in a while only, a single one at once.
/// </remarks>
/// <param name="interval">How long those who are several may wait for what was written.</param>
/// <param name="time">Its clock.</param>
internal sealed class ReaderTeller(TimeSpan interval, TimeProvider time) : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();           // held to move streams, never to tell
    private readonly List<TextStream> _untold = []; // engine thread: whose readers don't know yet of what was written
    private List<TextStream> _handedOver = [];     // guarded by _gate
    private List<TextStream> _telling = [];        // the work item's: one runs at a time
    private bool _isQueued;                        // guarded by _gate
    private long _toldAt;                          // engine thread

    /// <summary>Engine thread: something was written that the reader hasn't been told of.</summary>
    public void Add(TextStream stream) => _untold.Add(stream);

    /// <summary>Engine thread: <see cref="Tell"/>, where it can't wait for the end of the next step.</summary>
    /// <param name="step">How long that is expected to take.</param>
    public void TellWhereDue(TimeSpan step)
    {
        if (_untold.Count == 1 || time.GetElapsedTime(_toldAt) + step > interval) Tell();
    }

    /// <summary>Engine thread: everybody who was added hears of it, soon.</summary>
    public void Tell()
    {
        if (_untold.Count == 0) return;
        _toldAt = time.GetTimestamp();
        if (_untold.Count == 1) _untold[0].Tell();
        else HandOver();
        _untold.Clear();
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (TryTake())
        {
            foreach (var stream in _telling) stream.Tell();
            _telling.Clear();
        }
    }

    private void HandOver()
    {
        lock (_gate)
        {
            _handedOver.AddRange(_untold);
            if (_isQueued) return;
            _isQueued = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private bool TryTake()
    {
        lock (_gate)
        {
            (_handedOver, _telling) = (_telling, _handedOver);
            _isQueued = _telling.Count > 0;
            return _isQueued;
        }
    }
}
