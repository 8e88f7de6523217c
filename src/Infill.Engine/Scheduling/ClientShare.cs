namespace Infill.Engine.Scheduling;

/// <summary>What one client has of the engine. Owned by the engine thread.</summary>
internal sealed class ClientShare(string name)
{
    public string Name { get; } = name;

    public int Running { get; set; }

    public int Waiting { get; set; }

    /// <summary>Tokens computed for it: of two clients that wait, the one with less is served.</summary>
    public long Service { get; set; }

    public bool IsActive => Running + Waiting > 0;
}

/// <summary>The clients that the engine has heard of. Owned by the engine thread.</summary>
internal sealed class ClientTable
{
    /// <summary>Beyond this many, those that have nothing to do are forgotten.</summary>
    private const int MaxIdle = 256;

    private readonly Dictionary<string, ClientShare> _clients = new(StringComparer.Ordinal);

    /// <summary>Clients that run or wait.</summary>
    public int Active { get; private set; }

    /// <summary>A request of that client begins to wait.</summary>
    /// <remarks>
    /// Who comes back starts level with the least served of those who are there: time spent away is no credit to be drawn in
    /// one go, or everybody else would stand still meanwhile.
    /// </remarks>
    public ClientShare Enter(string name)
    {
        if (!_clients.TryGetValue(name, out var client))
        {
            if (_clients.Count >= MaxIdle) ForgetIdle();
            _clients.Add(name, client = new ClientShare(name));
        }

        if (!client.IsActive)
        {
            client.Service = Math.Max(client.Service, LeastService());
            Active++;
        }

        client.Waiting++;
        return client;
    }

    /// <summary>After a request of the client has ended.</summary>
    public void Leave(ClientShare client)
    {
        if (!client.IsActive) Active--;
    }

    private long LeastService()
    {
        var least = long.MaxValue;
        foreach (var client in _clients.Values)
        {
            if (client.IsActive) least = Math.Min(least, client.Service);
        }

        return least == long.MaxValue ? 0 : least;
    }

    private void ForgetIdle()
    {
        foreach (var (name, client) in _clients)
        {
            if (!client.IsActive) _clients.Remove(name);
        }
    }
}
