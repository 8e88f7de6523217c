using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Infill.Protocol.JsonRpc;

/// <summary>Sends messages to a pipe as Content-Length frames, from any thread, each whole and in the order of the calls.</summary>
/// <remarks>
/// A sender that finds the pipe idle writes and flushes on its own thread: no queue, no other thread in between. One that
/// finds it busy leaves its frame behind and goes; whoever is writing takes it along. So a slow client blocks nobody,
/// and what waits for it is bounded.
/// </remarks>
public sealed class MessageWriter(PipeWriter output, MessageLimits limits, ILogger logger)
{
    /// <summary>How much is written between two flushes, so that a long queue is not held twice.</summary>
    private const int BatchBytes = 64 * 1024;

    private const int KeptBuffers = 16;

    private readonly Lock _gate = new(); // guards every field below
    private readonly Queue<FrameBuffer> _queue = new();
    private readonly Stack<FrameBuffer> _idle = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _drained;
    private long _pendingBytes; // queued, or written and not yet flushed
    private bool _isWriting;
    private bool _isClosed;     // takes no more frames

    /// <summary>Completes when nothing can be sent any more: the client is gone, too slow, or the writer was completed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Sends a notification. Never blocks, never throws for the client's sake; dropped once the writer has ended.</summary>
    public void SendNotification<T>(string method, T parameters, JsonTypeInfo<T> type)
    {
        var frame = Begin();
        frame.Json.WriteString("method"u8, method);
        WriteParams(frame.Json, parameters, type);
        Finish(frame);
    }

    /// <summary>Sends a request of ours.</summary>
    public void SendRequest<T>(RequestId id, string method, T parameters, JsonTypeInfo<T> type)
    {
        var frame = Begin();
        id.WriteTo(frame.Json);
        frame.Json.WriteString("method"u8, method);
        WriteParams(frame.Json, parameters, type);
        Finish(frame);
    }

    /// <summary>Passes on a message that is JSON already.</summary>
    public void SendBody(ReadOnlySpan<byte> body)
    {
        FrameBuffer? frame;
        lock (_gate) _idle.TryPop(out frame);

        frame ??= new FrameBuffer();
        frame.Json.WriteRawValue(body, skipInputValidation: true);
        frame.Seal();
        Send(frame);
    }

    /// <summary>Answers a request.</summary>
    public void SendResult<T>(RequestId id, T result, JsonTypeInfo<T> type) => Send(Result(id, result, type));

    /// <summary>Answers a request with an error.</summary>
    public void SendError(RequestId id, RpcError error)
    {
        var frame = Begin();
        id.WriteTo(frame.Json);
        error.WriteTo(frame.Json);
        Finish(frame);
    }

    /// <summary>Takes no more frames, waits for those it has as long as the limits allow, and completes the pipe.</summary>
    public async Task CompleteAsync()
    {
        Task drained;
        lock (_gate)
        {
            _isClosed = true;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isWriting) _drained.TrySetResult();
            drained = _drained.Task;
        }

        try
        {
            await drained.WaitAsync(limits.DrainTime);
            await output.CompleteAsync();
        }
        catch (TimeoutException)
        {
            // The pipe still belongs to the flush in flight, so it cannot be completed here.
            logger.LogWarning("The client did not take the last messages in time.");
            output.CancelPendingFlush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            logger.LogDebug(e, "The output could not be closed.");
        }

        _ended.TrySetResult();
    }

    /// <summary>A message with a result, ready for <see cref="Send"/>. Serialising it may throw; then nothing was sent.</summary>
    internal FrameBuffer Result<T>(RequestId id, T result, JsonTypeInfo<T> type)
    {
        var frame = Begin();
        id.WriteTo(frame.Json);
        frame.Json.WritePropertyName("result"u8);
        if (result is null) frame.Json.WriteNullValue(); // a request without a result is still answered
        else JsonSerializer.Serialize(frame.Json, result, type);
        frame.Json.WriteEndObject();
        frame.Seal();
        return frame;
    }

    /// <summary>Sends a sealed frame and takes it over.</summary>
    internal void Send(FrameBuffer frame)
    {
        var isTooMuch = false;
        lock (_gate)
        {
            if (_isClosed)
            {
                Keep(frame);
                return;
            }

            isTooMuch = _pendingBytes + frame.Length > limits.QueuedBytes;
            if (!isTooMuch)
            {
                _queue.Enqueue(frame);
                _pendingBytes += frame.Length;
                if (_isWriting) return;
                _isWriting = true;
            }
        }

        if (isTooMuch)
        {
            logger.LogError("The client takes no messages and {Limit} bytes wait for it: the connection ends.", limits.QueuedBytes);
            End();
            return;
        }

        // Runs on this thread up to a flush that has to wait, and handles its own failures.
        _ = PumpAsync();
    }

    /// <summary>Gives back a frame that is not to be sent after all.</summary>
    internal void Discard(FrameBuffer frame)
    {
        lock (_gate) Keep(frame);
    }

    private FrameBuffer Begin()
    {
        FrameBuffer? frame;
        lock (_gate) _idle.TryPop(out frame);

        frame ??= new FrameBuffer();
        frame.Json.WriteStartObject();
        frame.Json.WriteString("jsonrpc"u8, "2.0"u8);
        return frame;
    }

    private void Finish(FrameBuffer frame)
    {
        frame.Json.WriteEndObject();
        frame.Seal();
        Send(frame);
    }

    private static void WriteParams<T>(Utf8JsonWriter json, T parameters, JsonTypeInfo<T> type)
    {
        if (parameters is null) return; // absent, since JSON-RPC forbids null here
        json.WritePropertyName("params"u8);
        JsonSerializer.Serialize(json, parameters, type);
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                var written = WriteBatch();
                if (written == 0) return;

                var flush = await output.FlushAsync();
                lock (_gate) _pendingBytes -= written;
                if (!flush.IsCompleted && !flush.IsCanceled) continue;

                logger.LogDebug("The client no longer reads.");
                break;
            }
        }
        catch (Exception e)
        {
            // Whatever a broken pipe throws, the sender is not to blame and has perhaps gone on long ago.
            logger.LogWarning("The output failed: {Reason}", e.Message);
        }

        End();
        lock (_gate)
        {
            _isWriting = false;
            _drained?.TrySetResult();
        }
    }

    /// <summary>Moves frames from the queue to the pipe. Zero where there are none; then nobody is writing any more.</summary>
    private int WriteBatch()
    {
        var written = 0;
        while (written < BatchBytes)
        {
            FrameBuffer? frame;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out frame))
                {
                    if (written > 0) break;
                    _isWriting = false;
                    _drained?.TrySetResult();
                    return 0;
                }
            }

            // Outside the lock, since only the one who is writing comes here and the frame may be large.
            output.Write(frame.Bytes);
            written += frame.Length;
            Discard(frame);
        }

        return written;
    }

    private void End()
    {
        lock (_gate)
        {
            _isClosed = true;
            _queue.Clear();
        }

        _ended.TrySetResult();
    }

    private void Keep(FrameBuffer frame)
    {
        if (_idle.Count < KeptBuffers && frame.TryReset()) _idle.Push(frame);
    }
}
