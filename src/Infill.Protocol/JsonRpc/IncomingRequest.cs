using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Infill.Protocol.JsonRpc;

/// <summary>One request of the client, and the right to answer it, which can be used once. Any thread.</summary>
/// <remarks>
/// Every answer goes through <see cref="TryClaim"/>: the first to call it answers, the others are discarded. Nothing else
/// sends a response, so no request can be answered twice; the connection answers what its handlers leave.
/// </remarks>
#pragma warning disable CA1001 // The token source is never disposed: it has no timer, and late callers may still ask for its token.
public sealed class IncomingRequest
#pragma warning restore CA1001
{
    private readonly PendingRequests _pending;
    private readonly MessageWriter _writer;
    private readonly ConnectionCounters _counters;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _cancel = new();
    private int _answered; // 0 or 1; changed by Interlocked alone

    internal IncomingRequest(RequestId id, string method, PendingRequests pending, MessageWriter writer, ConnectionCounters counters, ILogger logger)
    {
        Id = id;
        Method = method;
        _pending = pending;
        _writer = writer;
        _counters = counters;
        _logger = logger;
    }

    public RequestId Id { get; }

    public string Method { get; }

    /// <summary>Set when nobody waits for the answer any more: cancelled, rejected, or the connection is ending.</summary>
    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>True once an answer has been given, whoever gave it.</summary>
    public bool IsAnswered => Volatile.Read(ref _answered) != 0;

    /// <summary>
    /// Answers with this error now and cancels the token. What the handler returns or throws later is discarded. Does
    /// nothing where the request has its answer.
    /// </summary>
    /// <returns>True where this call answered.</returns>
    public bool Reject(RpcError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        if (!Fail(error)) return false;

        Cancel();
        return true;
    }

    /// <summary>Answers with the result, unless the request has its answer. Throws where the result cannot be serialised.</summary>
    internal void Succeed<T>(T result, JsonTypeInfo<T> type)
    {
        if (IsAnswered) return;

        // Serialised before the claim: should it throw, the request can still be answered with that failure.
        var frame = _writer.Result(Id, result, type);
        if (TryClaim()) _writer.Send(frame);
        else _writer.Discard(frame);
    }

    internal bool Fail(RpcError error)
    {
        if (!TryClaim()) return false;

        _writer.SendError(Id, error);
        return true;
    }

    /// <summary>Tells the handler to stop, without answering for it.</summary>
    internal void Cancel()
    {
        try
        {
            _cancel.Cancel();
        }
        catch (AggregateException e)
        {
            _logger.LogError(e, "A callback of the cancellation of {Method} {Id} failed.", Method, Id);
        }
    }

    private bool TryClaim()
    {
        if (Interlocked.Exchange(ref _answered, 1) != 0) return false;

        _pending.Remove(this);
        _counters.CountAnswer();
        return true;
    }
}
