namespace Infill.Protocol.JsonRpc;

/// <summary>What a connection has seen so far. Read and counted from any thread.</summary>
public sealed class ConnectionCounters
{
    private long _requestsReceived;
    private long _requestsAnswered;
    private long _notificationsReceived;
    private long _faults;

    /// <summary>Requests that could be read, duplicates of an id included.</summary>
    public long RequestsReceived => Interlocked.Read(ref _requestsReceived);

    /// <summary>Answers to those; equal to <see cref="RequestsReceived"/> when nothing is pending.</summary>
    public long RequestsAnswered => Interlocked.Read(ref _requestsAnswered);

    public long NotificationsReceived => Interlocked.Read(ref _notificationsReceived);

    /// <summary>Frames and messages that could not be read.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    internal void CountRequest() => Interlocked.Increment(ref _requestsReceived);

    internal void CountAnswer() => Interlocked.Increment(ref _requestsAnswered);

    internal void CountNotification() => Interlocked.Increment(ref _notificationsReceived);

    internal void CountFault() => Interlocked.Increment(ref _faults);
}
