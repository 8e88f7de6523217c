using System.Diagnostics.CodeAnalysis;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Sharing;

/// <summary>The editor's requests that have no answer yet, in their order. Guarded by its owner; what is taken out is answered once.</summary>
internal sealed class OpenRequests(MessageWriter editor)
{
    private static readonly RpcError s_lost = new(RpcErrorCodes.RequestFailed, "The engine's process was lost.");
    private readonly Dictionary<RequestId, Entry> _entries = [];
    private long _lastOrder;

    public bool TryAdd(RequestId id, string method, RequestPeek peek, ReadOnlySpan<byte> body) =>
        _entries.TryAdd(id, new Entry(id, method, peek, body.ToArray(), ++_lastOrder));

    /// <summary>False where it had its answer.</summary>
    public bool TryTake(RequestId id, [NotNullWhen(true)] out Entry? entry) => _entries.Remove(id, out entry);

    /// <summary>A part of a request's result has gone to the editor: what comes after must fit it.</summary>
    /// <param name="token">As JSON.</param>
    public void NotePartial(string? token)
    {
        if (token is null) return;
        foreach (var entry in _entries.Values)
        {
            if (entry.Peek.Token == token) entry.HasPartial = true;
        }
    }

    /// <summary>The requests of a document, or the one with an id, end with an error.</summary>
    public void Refuse(Func<Entry, bool> which, RpcError error)
    {
        foreach (var entry in _entries.Values.Where(which).ToList())
        {
            _entries.Remove(entry.Id);
            editor.SendError(entry.Id, error);
        }
    }

    /// <summary>
    /// The engine's process was lost. What it has answered in part ends with that part; what it may have been lost over is not
    /// sent to a second one after the next.
    /// </summary>
    public void NoteLoss()
    {
        foreach (var entry in _entries.Values.Where(static entry => entry.HasPartial || entry.WasRepeated).ToList()) AnswerNothing(entry);
        foreach (var entry in _entries.Values) entry.WasRepeated = true;
    }

    /// <summary>There is no engine: everything ends with nothing.</summary>
    public void AnswerAllNothing()
    {
        foreach (var entry in _entries.Values.ToList()) AnswerNothing(entry);
    }

    public void Repeat(MessageWriter engine)
    {
        foreach (var entry in _entries.Values.OrderBy(static entry => entry.Order)) engine.SendBody(entry.Body);
    }

    private void AnswerNothing(Entry entry)
    {
        _entries.Remove(entry.Id);
        var json = ProtocolJsonContext.Default;
        if (entry.Method == LspMethods.InlineCompletion) editor.SendResult(entry.Id, InlineCompletionList.Empty, json.InlineCompletionList);
        else if (entry.Method == LspMethods.Completion) editor.SendResult(entry.Id, new CompletionList(IsIncomplete: true, []), json.CompletionList);
        else editor.SendError(entry.Id, s_lost);
    }

    internal sealed class Entry(RequestId id, string method, RequestPeek peek, byte[] body, long order)
    {
        public RequestId Id => id;

        public string Method => method;

        public RequestPeek Peek => peek;

        public byte[] Body => body;

        public long Order => order;

        public bool HasPartial { get; set; }

        public bool WasRepeated { get; set; }
    }
}
