namespace Infill.Server.Handlers;

/// <summary>Which snapshots of a growing suggestion are worth a message: the first at once, then at most one in 30 ms, and always at a line's end.</summary>
internal sealed class SnapshotPacer(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(30);
    private long _sentAt;
    private int _sentLength = -1;

    /// <summary>Asks about the next snapshot; a yes is taken as sent.</summary>
    public bool ShouldSend(string text)
    {
        if (text.Length == 0 || text.Length == _sentLength) return false;
        var isDue = _sentLength < 0 || time.GetElapsedTime(_sentAt) >= Interval || text.AsSpan(_sentLength).Contains('\n');
        if (isDue) Note(text);
        return isDue;
    }

    /// <summary>Whether the final text has not been sent yet.</summary>
    public bool ShouldSendLast(string text)
    {
        if (text.Length == 0 || text.Length == _sentLength) return false;
        Note(text);
        return true;
    }

    private void Note(string text)
    {
        _sentAt = time.GetTimestamp();
        _sentLength = text.Length;
    }
}
