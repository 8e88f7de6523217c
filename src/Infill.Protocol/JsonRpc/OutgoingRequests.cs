using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Infill.Protocol.JsonRpc;

/// <summary>Our requests to the client that wait for its answer. Any thread.</summary>
internal sealed class OutgoingRequests(MessageWriter writer, ILogger logger, long firstId)
{
    private readonly Lock _gate = new(); // guards the fields below
    private readonly Dictionary<RequestId, Waiting> _waiting = [];
    private long _lastId = firstId - 1;
    private bool _isClosed;

    public async Task<TResult?> SendAsync<TParams, TResult>(
        string method,
        TParams parameters,
        JsonTypeInfo<TParams> parametersType,
        JsonTypeInfo<TResult> resultType,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiting = new Waiting<TResult>(resultType, method);
        RequestId id;
        lock (_gate)
        {
            if (_isClosed) throw Ended();
            id = new RequestId(++_lastId);
            _waiting.Add(id, waiting);
        }

        try
        {
            writer.SendRequest(id, method, parameters, parametersType);
        }
        catch
        {
            Take(id); // nothing was sent, so nothing will come back
            throw;
        }

        await using var cancelling = cancellationToken.Register(() =>
        {
            if (Take(id) is null) return; // answered in the meantime
            writer.SendNotification("$/cancelRequest", new CancelParams(id), JsonRpcContext.Default.CancelParams);
            waiting.Cancel(cancellationToken);
        });
        return await waiting.Task;
    }

    /// <summary>Hands an answer to its request. Called on the dispatch loop; whoever waits goes on elsewhere.</summary>
    public void Complete(Message.Response response)
    {
        if (Take(response.Id) is { } waiting)
        {
            if (response.Error is { } error) waiting.Fail(new RpcException(error));
            else waiting.Succeed(response.Result.Span);
        }
        else if (response.Error is { } error)
        {
            logger.LogWarning("The client answered {Id} with error {Code}, which nobody waits for.", response.Id, error.Code);
        }
        else
        {
            logger.LogDebug("The client answered {Id}, which nobody waits for.", response.Id);
        }
    }

    /// <summary>Fails what waits and whatever is asked from now on: no answer can come any more.</summary>
    public void Close()
    {
        Waiting[] all;
        lock (_gate)
        {
            _isClosed = true;
            all = [.. _waiting.Values];
            _waiting.Clear();
        }

        foreach (var waiting in all) waiting.Fail(Ended());
    }

    private static RpcException Ended() => new(RpcErrorCodes.RequestFailed, "The connection has ended.");

    private Waiting? Take(RequestId id)
    {
        lock (_gate) return _waiting.Remove(id, out var waiting) ? waiting : null;
    }

    private abstract class Waiting
    {
        public abstract void Succeed(ReadOnlySpan<byte> result);

        public abstract void Fail(RpcException reason);
    }

    private sealed class Waiting<T>(JsonTypeInfo<T> type, string method) : Waiting
    {
        private readonly TaskCompletionSource<T?> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T?> Task => _source.Task;

        public void Cancel(CancellationToken cancellationToken) => _source.TrySetCanceled(cancellationToken);

        public override void Succeed(ReadOnlySpan<byte> result)
        {
            try
            {
                _source.TrySetResult(result.SequenceEqual("null"u8) ? default : JsonSerializer.Deserialize(result, type));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
            {
                Fail(new RpcException(RpcErrorCodes.InvalidRequest, $"The client's answer to {method} is invalid: {e.Message}"));
            }
        }

        public override void Fail(RpcException reason) => _source.TrySetException(reason);
    }
}
