namespace Infill.Engine.Remote;

/// <summary>Why a request is to end: the first reason counts. Any thread.</summary>
#pragma warning disable CA2213 // The source is never disposed: it has no timer, and the clock may fire while the request ends.
internal sealed class RemoteStop : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
#pragma warning restore CA2213
    private readonly CancellationTokenRegistration _cancelled;
    private readonly CancellationTokenRegistration _superseded;
    private readonly ITimer _deadline;
    private int _reason; // a FinishReason; written once by any thread

    public RemoteStop(RemoteRequest request, TimeSpan totalLimit, TimeProvider time, CancellationToken cancellationToken)
    {
        _cancelled = cancellationToken.Register(() => End(FinishReason.Cancelled));
        _superseded = request.Superseded.Register(() => End(FinishReason.Superseded));
        var limit = request.Deadline ?? totalLimit;
        if (limit <= TimeSpan.Zero) End(FinishReason.Deadline);
        _deadline = time.CreateTimer(static state => ((RemoteStop)state!).End(FinishReason.Deadline), this, limit > TimeSpan.Zero ? limit : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled with the first reason.</summary>
    public CancellationToken Token => _ended.Token;

    /// <summary><see cref="FinishReason.None"/> as long as it may go on.</summary>
    public FinishReason Reason => (FinishReason)Volatile.Read(ref _reason);

    public void Dispose()
    {
        _cancelled.Dispose();
        _superseded.Dispose();
        _deadline.Dispose();
    }

    private void End(FinishReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, 0) == 0) _ended.Cancel();
    }
}
