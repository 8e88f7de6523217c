namespace Infill.Protocol.JsonRpc;

/// <summary>The client's requests that have no answer yet, by id. Any thread.</summary>
internal sealed class PendingRequests
{
    private readonly Lock _gate = new(); // guards the dictionary
    private readonly Dictionary<RequestId, IncomingRequest> _requests = [];

    public int Count
    {
        get
        {
            lock (_gate) return _requests.Count;
        }
    }

    /// <summary>False where a request with that id still waits: two of them could not be told apart.</summary>
    public bool TryAdd(IncomingRequest request)
    {
        lock (_gate) return _requests.TryAdd(request.Id, request);
    }

    public IncomingRequest? Find(RequestId id)
    {
        lock (_gate) return _requests.GetValueOrDefault(id);
    }

    /// <summary>Forgets a request that is being answered, before its answer leaves, so that the client may use the id again.</summary>
    public void Remove(IncomingRequest request)
    {
        lock (_gate) _requests.Remove(request.Id);
    }

    public IncomingRequest[] All()
    {
        lock (_gate) return [.. _requests.Values];
    }
}
