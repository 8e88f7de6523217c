namespace Infill.Server.Sharing;

/// <summary>Tells when nobody has been there for a while. Any thread; guarded by its own lock.</summary>
internal sealed class IdleWatch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _patience;
    private readonly ITimer _timer;

    /// <param name="patience">Zero waits for ever.</param>
    /// <param name="idle">Called once that time has gone by.</param>
    /// <param name="time">The clock.</param>
    public IdleWatch(TimeSpan patience, Action idle, TimeProvider time)
    {
        _patience = patience > TimeSpan.Zero ? patience : Timeout.InfiniteTimeSpan;
        _timer = time.CreateTimer(_ => idle(), null, _patience, Timeout.InfiniteTimeSpan);
    }

    public void Count(int present)
    {
        lock (_gate) _timer.Change(present == 0 ? _patience : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();
}
