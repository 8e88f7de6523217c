using System.Collections.Concurrent;

namespace Infill.Engine.Scheduling;

/// <summary>The requests that the engine has not ended yet or that somebody still reads, and those that ended last. Any thread.</summary>
internal sealed class LiveRequests(TimeProvider time)
{
    /// <summary>Requests that have ended and are remembered.</summary>
    private const int Remembered = 32;

    private readonly ConcurrentDictionary<long, Ticket> _tickets = new();
    private readonly Lock _gate = new();
    private readonly Queue<FinishedRequest> _finished = new(); // guarded by _gate
    private long _last;

    /// <summary>Lists a ticket that is about to be submitted, until it has ended and nobody reads it any more.</summary>
    /// <returns>To be disposed by the reader.</returns>
    public Listing Add(Ticket ticket)
    {
        var id = Interlocked.Increment(ref _last);
        var listing = new Listing(this, id);
        _tickets[id] = ticket;
        ticket.Ended = last =>
        {
            Note(id, ticket, last);
            listing.End();
        };
        return listing;
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

    private void Note(long id, Ticket ticket, GenerationChunk last)
    {
        lock (_gate)
        {
            if (_finished.Count == Remembered) _finished.Dequeue();
            _finished.Enqueue(new FinishedRequest(id, ticket.Request.Client, ticket.Request.Priority, last.Finish, last.Usage!));
        }
    }

    /// <summary>A ticket's place on the list: kept by its reader and by the engine, whoever goes last.</summary>
    internal sealed class Listing(LiveRequests owner, long id) : IDisposable
    {
        private int _holders = 2;

        /// <summary>The engine is done with it, or never got it.</summary>
        public void End() => Release();

        /// <summary>Nobody reads it any more.</summary>
        public void Dispose() => Release();

        private void Release()
        {
            if (Interlocked.Decrement(ref _holders) == 0) owner._tickets.TryRemove(id, out _);
        }
    }
}
