namespace Infill.Engine.Lifetime;

/// <summary>
/// Sees from outside the engine thread that each step ends: past its limit the step is asked to abort, and where that doesn't
/// help either, its thread is given up.
/// </summary>
/// <remarks>
/// One for each context. The engine thread begins and ends a watch; a one-shot timer, or closing, trips it. Which
/// of them comes first is decided by one exchange of the state, so that a step's thread knows whether it still owns anything.
/// </remarks>
internal sealed class Watchdog : IDisposable
{
    private const int Resting = 0;
    private const int Watching = 1;
    private const int Tripped = 2;
    private const int GivenUp = 3;

    private readonly TimeSpan _grace;
    private readonly Action _abort;
    private readonly Action _giveUp;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _due; // when the state that the timer was set in is overdue; a timer of an earlier watch may come late
    private int _state;
    private volatile bool _closed; // set by any thread, once

    /// <param name="grace">How long an abort may take to have an effect.</param>
    /// <param name="abort">Has the step look at its abort signal; any thread.</param>
    /// <param name="giveUp">The thread is lost, and will touch nothing any more; called on the timer's thread.</param>
    /// <param name="time">Whose timers are used.</param>
    public Watchdog(TimeSpan grace, Action abort, Action giveUp, TimeProvider time)
    {
        _grace = grace;
        _abort = abort;
        _giveUp = giveUp;
        _time = time;
        _timer = time.CreateTimer(static state => ((Watchdog)state!).OnOverdue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the step that runs has to end. Any thread; asked by the abort signal.</summary>
    public bool HasTripped => Volatile.Read(ref _state) >= Tripped;

    /// <summary>Whether every step ends as it begins. Any thread.</summary>
    public bool IsClosed => _closed;

    /// <summary>Engine thread: a step begins.</summary>
    public void Begin(TimeSpan limit)
    {
        Volatile.Write(ref _due, DueIn(limit));
        Volatile.Write(ref _state, Watching);
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
        if (_closed) Trip();
    }

    /// <summary>Engine thread: the step has ended.</summary>
    /// <param name="overran">Whether its limit had passed.</param>
    /// <returns>False where it comes too late: the thread was given up and must touch nothing of the engine.</returns>
    public bool TryEnd(out bool overran)
    {
        overran = HasTripped && !_closed;
        if (Interlocked.CompareExchange(ref _state, Resting, Watching) != Watching &&
            Interlocked.CompareExchange(ref _state, Resting, Tripped) != Tripped) return false;

        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return true;
    }

    /// <summary>From now on every step is aborted as soon as it begins; one that runs, now. Any thread.</summary>
    public void Close()
    {
        _closed = true;
        Trip();
    }

    public void Dispose() => _timer.Dispose();

    private void OnOverdue()
    {
        if (_time.GetTimestamp() < Volatile.Read(ref _due)) return;
        if (Volatile.Read(ref _state) == Watching) Trip();
        else if (Interlocked.CompareExchange(ref _state, GivenUp, Tripped) == Tripped) _giveUp();
    }

    private void Trip()
    {
        if (Interlocked.CompareExchange(ref _state, Tripped, Watching) != Watching) return;
        Volatile.Write(ref _due, DueIn(_grace));
        _timer.Change(_grace, Timeout.InfiniteTimeSpan);
        _abort();
    }

    private long DueIn(TimeSpan time) => _time.GetTimestamp() + (long)(time.TotalSeconds * _time.TimestampFrequency);
}
