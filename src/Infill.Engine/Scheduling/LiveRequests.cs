using System.Collections.Concurrent;

namespace Infill.Engine.Scheduling;

/// <summary>The requests that somebody reads at the moment. Any thread.</summary>
internal sealed class LiveRequests(TimeProvider time)
{
    private readonly ConcurrentDictionary<long, Ticket> _tickets = new();
    private long _last;

    /// <returns>To be disposed when nobody reads the ticket any more.</returns>
    public Listing Add(Ticket ticket)
    {
        var id = Interlocked.Increment(ref _last);
        _tickets[id] = ticket;
        return new Listing(_tickets, id);
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
                time.GetElapsedTime(ticket.SubmittedAt)));
        }

        requests.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        return requests;
    }

    internal readonly struct Listing(ConcurrentDictionary<long, Ticket> tickets, long id) : IDisposable
    {
        public void Dispose() => tickets.TryRemove(id, out _);
    }
}
