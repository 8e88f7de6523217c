namespace Infill.Completion.Typing;

/// <summary>How fast the user types against how soon text comes: whether it pays to wait for the next key. Any thread; guarded by its lock.</summary>
/// <remarks>
/// Where text comes within two keys, nothing is waited for: what is begun at a key may yet agree with the next. Where it takes
/// longer, what is begun at each key would be given up, so it begins once a key is missed.
/// </remarks>
public sealed class TypingPace(TimeProvider time)
{
    /// <summary>A longer gap between two keys is a pause to think.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(300);

    /// <summary>Text that takes as many keys is too late for each of them.</summary>
    private const double SlowKeys = 2;

    /// <summary>A key that comes later than usual by this share is taken for missed.</summary>
    private const double Lateness = 1.25;

    /// <summary>Weight of the latest measurement in a running mean.</summary>
    private const double Weight = 0.2;

    private readonly Lock _gate = new();
    private long? _lastKey;     // guarded by _gate, as all below
    private TimeSpan? _interval;
    private TimeSpan? _latency;

    /// <summary>How long to wait before the model is asked; zero where it is fast enough, or nothing is known yet.</summary>
    public TimeSpan Wait
    {
        get
        {
            lock (_gate)
            {
                if (_interval is not { } interval || _latency is not { } latency || latency <= interval * SlowKeys) return TimeSpan.Zero;
                return interval * Lateness < s_longestWait ? interval * Lateness : s_longestWait;
            }
        }
    }

    /// <summary>The user has typed.</summary>
    public void Key()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (_lastKey is { } last && time.GetElapsedTime(last, now) is var gap && gap <= s_pause) _interval = Mean(_interval, gap);
            _lastKey = now;
        }
    }

    /// <summary>The model gave its first text, of a prompt that was mostly cached: what a key costs, not what a new place does.</summary>
    public void TextAfter(TimeSpan latency)
    {
        lock (_gate) _latency = Mean(_latency, latency);
    }

    /// <summary>Likewise, but it was given up on before it gave any: it would have taken longer than this.</summary>
    public void NoTextAfter(TimeSpan latency)
    {
        lock (_gate)
        {
            if (_latency is not { } known || latency > known) _latency = Mean(_latency, latency);
        }
    }

    private static TimeSpan Mean(TimeSpan? before, TimeSpan now) => before is { } known ? (known * (1 - Weight)) + (now * Weight) : now;
}
