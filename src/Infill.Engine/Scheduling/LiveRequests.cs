using System.Collections.Concurrent;

namespace Infill.Engine.Scheduling;

/// <summary>The requests that somebody reads at the moment. Any thread.</summary>
internal sealed class LiveRequests(TimeProvider time)
{
    /// <summary>Requests that have ended and are remembered.</summary>
    private const int Remembered = 32;

    private readonly ConcurrentDictionary<long, Ticket> _tickets = new();
    private readonly Lock _gate = new();
    private readonly Queue<FinishedRequest> _finished = new(); // guarded by _gate
    private long _last;

    /// <returns>To be disposed when nobody reads the ticket any more.</returns>
    public Listing Add(Ticket ticket)
    {
        var id = Interlocked.Increment(ref _last);
        _tickets[id] = ticket;
        return new Listing(this, id);
    }

    /// <summary>The oldest first. The engine thread is neither asked nor held up: its figures are read as they stand.</summary>
    public IReadOnlyList<RequestSnapshot> Snapshot()
    {
        var requests = new List<RequestSnapshot>();
        foreach (var (id, ticket) in _tickets)
        {
            var sequence = ticket.Sequence; // null until the engine thread has taken it in
            requests.Add(new RequestSnapshot(
                id, ticket.Request.Client, ticket.Request.Priority, sequence?.State ?? SequenceState.Waiting,
                ticket.Request.Prompt.Count, sequence?.CachedTokens ?? 0, sequence?.ComputedTokens ?? 0, sequence?.GeneratedTokens ?? 0,
                time.GetElapsedTime(ticket.SubmittedAt))
            {
                IsStopping = ticket.StopAsked != FinishReason.None,
            });
        }

        requests.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        return requests;
    }

    /// <summary>The latest first.</summary>
    public IReadOnlyList<FinishedRequest> Finished()
    {
        lock (_gate) return [.. _finished.Reverse()];
    }

    private void Note(long id, GenerationChunk last)
    {
        if (!_tickets.TryGetValue(id, out var ticket)) return;
        lock (_gate)
        {
            if (_finished.Count == Remembered) _finished.Dequeue();
            _finished.Enqueue(new FinishedRequest(id, ticket.Request.Client, ticket.Request.Priority, last.Finish, last.Usage!));
        }
    }

    internal readonly struct Listing(LiveRequests owner, long id) : IDisposable
    {
        /// <summary>The request has ended with this chunk.</summary>
        public void Note(GenerationChunk last) => owner.Note(id, last);

        public void Dispose() => owner._tickets.TryRemove(id, out _);
    }
}
