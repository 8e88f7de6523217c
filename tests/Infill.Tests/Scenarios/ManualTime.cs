namespace Infill.Tests.Scenarios;

/// <summary>A clock that stands still until a test moves it.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = []; // guarded by _gate
    private readonly TaskCompletionSource _hasTimer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _now = TimeSpan.FromHours(1);   // guarded by _gate

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_gate) return _now.Ticks;
    }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(GetTimestamp());

    /// <summary>Completes once somebody waits by this clock.</summary>
    public Task TimerAsync() => _hasTimer.Task.WaitAsync(Patience.Limit);

    /// <summary>Moves the clock and fires the timers that are due, on this thread.</summary>
    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_gate)
        {
            _now += by;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            _timers.RemoveAll(due.Contains);
        }

        foreach (var timer in due) timer.Fire();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Fires once; no period is needed here.</summary>
    private sealed class ManualTimer(ManualTime clock, Action fire) : ITimer
    {
        private bool _isDisposed;                    // guarded by the clock's lock, as all below
        private Task _fired = Task.CompletedTask;

        public TimeSpan Due { get; private set; }

        public void Fire()
        {
            var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (clock._gate)
            {
                if (_isDisposed) return; // after it was found to be due
                _fired = fired.Task;
            }

            try
            {
                fire();
            }
            finally
            {
                fired.SetResult();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock._now + dueTime;
                clock._timers.Add(this);
                clock._hasTimer.TrySetResult();
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
                _isDisposed = true;
            }
        }

        /// <summary>Completes when it fires no more, as the system's timer does: who waits may then free what it uses.</summary>
        public ValueTask DisposeAsync()
        {
            Dispose();
            lock (clock._gate) return new ValueTask(_fired);
        }
    }
}
