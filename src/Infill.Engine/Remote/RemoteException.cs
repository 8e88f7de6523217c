namespace Infill.Engine.Remote;

/// <summary>What an endpoint did wrong, in a sentence for the user. It holds neither a key nor the user's text.</summary>
internal sealed class RemoteException : Exception
{
    public RemoteException(string message) : base(message) { }

    public RemoteException(string message, Exception inner) : base(message, inner) { }

    public RemoteException() { }

    /// <summary>Whether the endpoint is not to be asked before it has passed a check; false where only the request was wrong.</summary>
    public bool IsOutage { get; init; } = true;

    /// <summary>Whether the same request may well succeed at once: a connection that was kept open too long, say.</summary>
    public bool MayRetry { get; init; }
}
