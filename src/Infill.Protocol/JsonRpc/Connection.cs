using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace Infill.Protocol.JsonRpc;

/// <summary>A conversation with one client: reads its messages, hands them out in order, sends what is answered.</summary>
/// <remarks>
/// Messages are taken in strictly one after another: a notification's handler runs to its end, a request's up to its first
/// await that waits, before the next message is looked at. So a request sees the documents as they were when the client
/// asked. No input ends a connection but its end.
/// </remarks>
public sealed class Connection
{
    private const string CancelMethod = "$/cancelRequest";

    private static readonly RpcError s_cancelled = new(RpcErrorCodes.RequestCancelled, "The request was cancelled.");

    private readonly PipeReader _input;
    private readonly MethodTable _methods;
    private readonly ILogger _logger;
    private readonly MessageLimits _limits;
    private readonly MessageReader _reader;
    private readonly MessageWriter _writer;
    private readonly OutgoingRequests _outgoing;
    private readonly PendingRequests _pending = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new(); // guards the two fields below
    private int _active; // handlers that have begun and not finished
    private bool _isStopped;

    /// <param name="input">The client's bytes.</param>
    /// <param name="output">Ours.</param>
    /// <param name="methods">What is answered and heard.</param>
    /// <param name="logger">Receives what is wrong with messages.</param>
    /// <param name="limits">How much one client may ask.</param>
    /// <param name="firstRequestId">Our own requests count from here: whoever connects one client to several servers in turn tells their requests apart by it.</param>
    public Connection(PipeReader input, PipeWriter output, MethodTable methods, ILogger logger, MessageLimits? limits = null, long firstRequestId = 1)
    {
        _limits = limits ?? MessageLimits.Default;
        _input = input;
        _methods = methods;
        _logger = logger;
        _reader = new MessageReader(input, _limits, logger);
        _writer = new MessageWriter(output, _limits, logger);
        _outgoing = new OutgoingRequests(_writer, logger, firstRequestId);
    }

    public ConnectionCounters Counters { get; } = new();

    /// <summary>
    /// Reads and dispatches until the input ends, <see cref="Stop"/> is called, the token is cancelled or the client takes
    /// no more messages. Then cancels what is pending, waits for the handlers as long as the limits allow, answers what they
    /// left, and closes both pipes. Called once; does not throw for the client's sake.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        await using var cancelled = cancellationToken.Register(Stop);
        var dispatching = DispatchAsync();

        // A read of standard input cannot always be cancelled, so a stop does not wait for it.
        await Task.WhenAny(dispatching, _stopping.Task, _writer.Ended);
        Stop();
        await EndAsync();
        if (dispatching.IsCompleted) await _input.CompleteAsync();
    }

    /// <summary>Ends <see cref="RunAsync"/>: no message is dispatched any more. From any thread, handlers included.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_isStopped) return;
            _isStopped = true;
            if (_active == 0) _quiet.TrySetResult();
        }

        _stopping.TrySetResult();
        _input.CancelPendingRead();
    }

    /// <summary>Sends a notification. From any thread; never blocks; dropped once the connection has ended.</summary>
    public void Notify<T>(string method, T parameters, JsonTypeInfo<T> type) => _writer.SendNotification(method, parameters, type);

    /// <summary>Asks the client. From any thread. Its null result is <c>default</c>.</summary>
    /// <exception cref="RpcException">The client refused, answered nonsense, or the connection ended first.</exception>
    /// <exception cref="OperationCanceledException">Cancelled here; the client was told so.</exception>
    public Task<TResult?> RequestAsync<TParams, TResult>(
        string method,
        TParams parameters,
        JsonTypeInfo<TParams> parametersType,
        JsonTypeInfo<TResult> resultType,
        CancellationToken cancellationToken = default) =>
        _outgoing.SendAsync(method, parameters, parametersType, resultType, cancellationToken);

    private async Task DispatchAsync()
    {
        try
        {
            while (true)
            {
                var frame = await _reader.ReadAsync(CancellationToken.None); // stopped by Stop, which cancels the read
                if (frame.IsEnd || !TryEnter()) return;

                try
                {
                    if (frame.Fault is { } fault) Refuse(fault);
                    else if (Message.TryParse(frame.Body, out var message, out var invalid)) Dispatch(message);
                    else RefuseMessage(invalid);
                }
                catch (Exception e)
                {
                    // Everything above handles its own failures; should one be overlooked, it costs one message and no more.
                    _logger.LogError(e, "A message could not be handled.");
                }
                finally
                {
                    Leave();
                }
            }
        }
        catch (Exception e)
        {
            // The input broke, which is how some clients leave.
            _logger.LogWarning("Reading ended: {Reason}", e.Message);
        }
    }

    private void Dispatch(Message message)
    {
        switch (message)
        {
            case Message.Request request:
                Dispatch(request);
                break;
            case Message.Notification notification:
                Dispatch(notification);
                break;
            case Message.Response response:
                _outgoing.Complete(response);
                break;
        }
    }

    private void Dispatch(Message.Request message)
    {
        Counters.CountRequest();
        var request = new IncomingRequest(message.Id, message.Method, _pending, _writer, Counters, _logger);
        if (!_pending.TryAdd(request))
        {
            // Answered beside the one that waits, which keeps its own answer.
            Counters.CountAnswer();
            _writer.SendError(message.Id, new RpcError(RpcErrorCodes.InvalidRequest, $"A request with id {message.Id} is still pending."));
            return;
        }

        if (Admit(message.Method, isRequest: true) is { } refusal) request.Fail(refusal);
        else if (_methods.FindRequest(message.Method) is { } method) _ = HandleAsync(method, request, message.Params);
        else request.Fail(new RpcError(RpcErrorCodes.MethodNotFound, $"There is no request {message.Method}."));
    }

    /// <summary>Runs a handler and answers for it where it fails. Begins on the dispatch loop; never throws.</summary>
    private async Task HandleAsync(MethodTable.RequestMethod method, IncomingRequest request, ReadOnlyMemory<byte> parameters)
    {
        if (!TryEnter())
        {
            request.Fail(s_cancelled);
            return;
        }

        try
        {
            await method.InvokeAsync(request, parameters);
        }
        catch (RpcException e)
        {
            request.Fail(e.Error);
        }
        catch (OperationCanceledException)
        {
            request.Fail(s_cancelled);
        }
        catch (Exception e)
        {
            // The edge of the program towards the client: whatever went wrong, it is owed an answer.
            _logger.LogError(e, "The handler of {Method} failed.", request.Method);
            request.Fail(new RpcError(RpcErrorCodes.InternalError, $"{request.Method} failed: {e.GetType().Name}."));
        }
        finally
        {
            Leave();
        }
    }

    private void Dispatch(Message.Notification message)
    {
        Counters.CountNotification();
        var parameters = message.Params.Span;
        try
        {
            if (message.Method == CancelMethod)
            {
                var cancel = Json.Read(parameters, JsonRpcContext.Default.CancelParams, CancelMethod);
                _pending.Find(cancel.Id)?.Reject(s_cancelled);
                return;
            }

            if (Admit(message.Method, isRequest: false) is { } refusal)
            {
                _logger.LogDebug("{Method} is dropped: {Reason}", message.Method, refusal.Message);
            }
            else if (_methods.FindNotification(message.Method) is { } method)
            {
                method.Invoke(message.Method, parameters);
            }
            else if (!message.Method.StartsWith("$/", StringComparison.Ordinal)) // those may be ignored by anyone
            {
                _logger.LogDebug("There is no notification {Method}.", message.Method);
            }
        }
        catch (RpcException e)
        {
            _logger.LogWarning("{Method} had no effect: {Reason}", message.Method, e.Message);
            Tell(message.Method, e.Error, parameters);
        }
        catch (Exception e)
        {
            _logger.LogError(e, "The handler of {Method} failed.", message.Method);
            Tell(message.Method, new RpcError(RpcErrorCodes.InternalError, e.Message), parameters);
        }
    }

    private void RefuseMessage(FrameFault fault)
    {
        _logger.LogWarning("A message is refused: {Reason}", fault.Error.Message);
        Refuse(fault);
    }

    private void Refuse(FrameFault fault)
    {
        Counters.CountFault();
        if (fault.IsResponse) return;

        // An id that is pending keeps its own answer: a second one would be taken for it.
        var id = fault.Id.IsNull || _pending.Find(fault.Id) is null ? fault.Id : RequestId.Null;
        _writer.SendError(id, fault.Error);
        if (fault.Method is { } method && fault.Id.IsNull) Tell(method, fault.Error, default);
    }

    private RpcError? Admit(string method, bool isRequest)
    {
        try
        {
            return _methods.Admission?.Invoke(method, isRequest);
        }
        catch (Exception e)
        {
            _logger.LogError(e, "The admission of {Method} failed.", method);
            return new RpcError(RpcErrorCodes.InternalError, $"{method} failed: {e.GetType().Name}.");
        }
    }

    private void Tell(string method, RpcError error, ReadOnlySpan<byte> parameters)
    {
        try
        {
            _methods.NotificationFailed?.Invoke(method, error, parameters);
        }
        catch (Exception e)
        {
            _logger.LogError(e, "The hook for a failed {Method} failed itself.", method);
        }
    }

    private async Task EndAsync()
    {
        // First, since handlers may be waiting for them.
        _outgoing.Close();
        foreach (var request in _pending.All()) request.Cancel();

        try
        {
            await _quiet.Task.WaitAsync(_limits.DrainTime);
        }
        catch (TimeoutException)
        {
            _logger.LogWarning("{Count} requests did not stop in time.", _pending.Count);
            foreach (var request in _pending.All()) request.Fail(s_cancelled);
        }

        await _writer.CompleteAsync();
    }

    private bool TryEnter()
    {
        lock (_gate)
        {
            if (_isStopped) return false;
            _active++;
            return true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_active == 0 && _isStopped) _quiet.TrySetResult();
        }
    }
}
