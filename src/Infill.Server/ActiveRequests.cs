using Infill.Protocol.JsonRpc;

namespace Infill.Server;

/// <summary>The suggestions that are being made, by document, so that an edit can end them. Any thread; guarded by its own lock.</summary>
internal sealed class ActiveRequests
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Entry>> _byDocument = new(StringComparer.Ordinal);

    /// <summary>Notes a request; disposing the result forgets it.</summary>
    public Entry Begin(string uri, IncomingRequest request)
    {
        var entry = new Entry(this, uri, request);
        lock (_gate)
        {
            if (!_byDocument.TryGetValue(uri, out var entries)) _byDocument[uri] = entries = [];
            entries.Add(entry);
        }

        return entry;
    }

    /// <summary>Answers every request of a document with <paramref name="error"/> and stops its generation.</summary>
    public void Supersede(string uri, RpcError error)
    {
        List<Entry>? entries;
        lock (_gate)
        {
            if (!_byDocument.Remove(uri, out entries)) return;
        }

        foreach (var entry in entries)
        {
            entry.Supersede(error);
        }
    }

    /// <summary>The same for all documents.</summary>
    public void SupersedeAll(RpcError error)
    {
        string[] all;
        lock (_gate) all = [.. _byDocument.Keys];
        foreach (var uri in all) Supersede(uri, error);
    }

    private void End(Entry entry)
    {
        lock (_gate)
        {
            if (!_byDocument.TryGetValue(entry.Uri, out var entries)) return;
            entries.Remove(entry);
            if (entries.Count == 0) _byDocument.Remove(entry.Uri);
        }
    }

    internal sealed class Entry(ActiveRequests owner, string uri, IncomingRequest request) : IDisposable
    {
        // Not disposed: an edit may supersede while the request ends, and without a timer there is nothing to free.
#pragma warning disable CA2213
        private readonly CancellationTokenSource _superseded = new();
#pragma warning restore CA2213
        private RpcError? _error; // written by the dispatch loop before the token is cancelled

        public string Uri => uri;

        public CancellationToken Superseded => _superseded.Token;

        /// <summary>Whether nothing may be sent for the request any more.</summary>
        public bool IsEnded => request.IsAnswered || _superseded.IsCancellationRequested;

        public void Supersede(RpcError error)
        {
            _error = error;
            _superseded.Cancel(); // before the answer, so that the engine learns the true reason
            request.Reject(error);
        }

        /// <summary>Ends a handler whose result nobody wants any more: the request was cancelled or superseded.</summary>
        /// <remarks>A superseded generation may end before the dispatch loop has come to answering for it: then this does.</remarks>
        public void ThrowIfEnded()
        {
            if (_superseded.IsCancellationRequested) throw new RpcException(_error!);
            if (request.IsAnswered) throw new OperationCanceledException();
        }

        public void Dispose() => owner.End(this);
    }
}
