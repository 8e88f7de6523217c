using System.Diagnostics.CodeAnalysis;

namespace Infill.Engine.Scheduling;

/// <summary>Sequences that wait for a place, and who gives way when there are too many. Owned by the engine thread.</summary>
internal sealed class WaitingQueue(EngineOptions options)
{
    private readonly List<Sequence> _sequences = []; // by age

    public IReadOnlyList<Sequence> Sequences => _sequences;

    public int Count => _sequences.Count;

    public Sequence this[int index] => _sequences[index];

    /// <summary>Puts a sequence in by its age: one that had run before goes where it was.</summary>
    public void Add(Sequence sequence)
    {
        var index = _sequences.Count;
        while (index > 0 && _sequences[index - 1].Number > sequence.Number) index--;
        _sequences.Insert(index, sequence);
    }

    public void Remove(Sequence sequence) => _sequences.Remove(sequence);

    /// <summary>Those that were passed for want of cells are asked again: there may be some now.</summary>
    public void ForgetPassed()
    {
        foreach (var sequence in _sequences) sequence.PassedAt = -1;
    }

    public bool Any(RequestPriority priority)
    {
        foreach (var sequence in _sequences)
        {
            if (sequence.Ticket.Request.Priority == priority) return true;
        }

        return false;
    }

    /// <summary>Takes out one that has to give way, if more wait than may.</summary>
    /// <remarks>
    /// First of a client that has too many, then look-ahead where that is too much, then of all. Look-ahead gives way before
    /// automatic, each the oldest of the client that has most waiting, since what was typed last is what is wanted. What was
    /// invoked gives way last, and then the newest: somebody watches the others already.
    /// </remarks>
    public bool TryDrop([NotNullWhen(true)] out Sequence? dropped)
    {
        dropped = null;
        if (FindCrowdedClient() is { } client) dropped = Choose(client, LeastUrgent(client));
        else if (CountOf(RequestPriority.LookAhead) > options.Quotas.WaitingLookAhead) dropped = Choose(null, RequestPriority.LookAhead);
        else if (_sequences.Count > options.MaxWaiting) dropped = Choose(null, LeastUrgent(null));

        if (dropped is null) return false;
        _sequences.Remove(dropped);
        return true;
    }

    private ClientShare? FindCrowdedClient()
    {
        foreach (var sequence in _sequences)
        {
            if (sequence.Client.Waiting > options.Quotas.WaitingPerClient) return sequence.Client;
        }

        return null;
    }

    private int CountOf(RequestPriority priority)
    {
        var count = 0;
        foreach (var sequence in _sequences)
        {
            if (sequence.Ticket.Request.Priority == priority) count++;
        }

        return count;
    }

    private RequestPriority LeastUrgent(ClientShare? client)
    {
        var least = RequestPriority.Invoked;
        foreach (var sequence in _sequences)
        {
            if ((client is null || sequence.Client == client) && sequence.Ticket.Request.Priority > least) least = sequence.Ticket.Request.Priority;
        }

        return least;
    }

    private Sequence? Choose(ClientShare? client, RequestPriority priority)
    {
        Sequence? chosen = null;
        foreach (var sequence in _sequences)
        {
            if (sequence.Ticket.Request.Priority != priority || (client is not null && sequence.Client != client)) continue;
            if (chosen is null || sequence.Client.Waiting > chosen.Client.Waiting ||
                (priority == RequestPriority.Invoked && sequence.Client.Waiting == chosen.Client.Waiting)) chosen = sequence;
        }

        return chosen;
    }
}
