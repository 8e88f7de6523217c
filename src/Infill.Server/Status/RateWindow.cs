namespace Infill.Server.Status;

/// <summary>How many there were in each of the last seconds. Any thread; guarded by its own lock.</summary>
internal sealed class RateWindow(TimeProvider time)
{
    private const int Seconds = 5;
    private readonly Lock _gate = new();
    private readonly long[] _counts = new long[Seconds + 1]; // the second that runs, and the whole ones before it
    private readonly long _began = time.GetTimestamp();
    private long _second;

    public void Add(int count)
    {
        lock (_gate)
        {
            Advance();
            _counts[_second % _counts.Length] += count;
        }
    }

    /// <summary>Over the last five whole seconds.</summary>
    public double PerSecond
    {
        get
        {
            lock (_gate)
            {
                Advance();
                var running = _second % _counts.Length;
                var whole = 0L;
                for (var i = 0; i < _counts.Length; i++)
                {
                    if (i != running) whole += _counts[i];
                }

                return (double)whole / Seconds;
            }
        }
    }

    private void Advance()
    {
        var now = (long)time.GetElapsedTime(_began).TotalSeconds;
        if (now - _second >= _counts.Length)
        {
            Array.Clear(_counts);
            _second = now;
        }

        while (_second < now) _counts[++_second % _counts.Length] = 0;
    }
}
