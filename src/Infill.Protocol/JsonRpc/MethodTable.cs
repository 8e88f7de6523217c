using System.Text.Json.Serialization.Metadata;

namespace Infill.Protocol.JsonRpc;

/// <summary>Asked before each request and notification; an error refuses it (a notification is then dropped).</summary>
public delegate RpcError? Admission(string method, bool isRequest);

/// <summary>
/// Told of a notification that had no effect: its parameters were unreadable or too long, or its handler threw. The bytes
/// are its parameters as far as they are known (perhaps none), valid during the call.
/// </summary>
public delegate void NotificationFailed(string method, RpcError error, ReadOnlySpan<byte> parameters);

/// <summary>Method name → typed handler. Filled before the connection runs, not changed afterwards.</summary>
/// <remarks>All handlers and hooks are called on the connection's dispatch loop, one at a time, in order of arrival.</remarks>
public sealed class MethodTable
{
    private readonly Dictionary<string, RequestMethod> _requests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NotificationMethod> _notifications = new(StringComparer.Ordinal);

    /// <summary>Null admits everything. <c>$/cancelRequest</c> is not asked about.</summary>
    public Admission? Admission { get; set; }

    public NotificationFailed? NotificationFailed { get; set; }

    /// <summary>The handler holds the turn until its first await that waits; the loop does not await its task.</summary>
    /// <remarks>Types are asked for when the method is first called: making them all costs a client some 15 ms at start-up.</remarks>
    public void OnRequest<TParams, TResult>(
        string method,
        Func<JsonTypeInfo<TParams>> parameters,
        Func<JsonTypeInfo<TResult>> result,
        Func<TParams, IncomingRequest, Task<TResult>> handler) =>
        _requests.Add(method, new TypedRequest<TParams, TResult>(parameters, result, handler));

    public void OnRequest<TParams, TResult>(
        string method,
        JsonTypeInfo<TParams> parameters,
        JsonTypeInfo<TResult> result,
        Func<TParams, IncomingRequest, Task<TResult>> handler) =>
        OnRequest(method, () => parameters, () => result, handler);

    /// <summary>A request whose parameters, if it has any, do not matter.</summary>
    public void OnRequest<TResult>(string method, JsonTypeInfo<TResult> result, Func<IncomingRequest, Task<TResult>> handler) =>
        _requests.Add(method, new BareRequest<TResult>(result, handler));

    public void OnNotification<TParams>(string method, Func<JsonTypeInfo<TParams>> parameters, Action<TParams> handler) =>
        _notifications.Add(method, new TypedNotification<TParams>(parameters, handler));

    public void OnNotification<TParams>(string method, JsonTypeInfo<TParams> parameters, Action<TParams> handler) =>
        OnNotification(method, () => parameters, handler);

    /// <summary>A notification whose parameters, if it has any, do not matter.</summary>
    public void OnNotification(string method, Action handler) => _notifications.Add(method, new BareNotification(handler));

    internal RequestMethod? FindRequest(string method) => _requests.GetValueOrDefault(method);

    internal NotificationMethod? FindNotification(string method) => _notifications.GetValueOrDefault(method);

    internal abstract class RequestMethod
    {
        /// <summary>Runs the handler and answers with its result; throws what the handler throws.</summary>
        public abstract Task InvokeAsync(IncomingRequest request, ReadOnlyMemory<byte> parameters);
    }

    internal abstract class NotificationMethod
    {
        public abstract void Invoke(string method, ReadOnlySpan<byte> parameters);
    }

    private sealed class TypedRequest<TParams, TResult>(
        Func<JsonTypeInfo<TParams>> parametersType,
        Func<JsonTypeInfo<TResult>> resultType,
        Func<TParams, IncomingRequest, Task<TResult>> handler) : RequestMethod
    {
        public override async Task InvokeAsync(IncomingRequest request, ReadOnlyMemory<byte> parameters)
        {
            var result = await handler(Json.Read(parameters.Span, parametersType(), request.Method), request);
            request.Succeed(result, resultType());
        }
    }

    private sealed class BareRequest<TResult>(JsonTypeInfo<TResult> resultType, Func<IncomingRequest, Task<TResult>> handler) : RequestMethod
    {
        public override async Task InvokeAsync(IncomingRequest request, ReadOnlyMemory<byte> parameters) =>
            request.Succeed(await handler(request), resultType);
    }

    private sealed class TypedNotification<TParams>(Func<JsonTypeInfo<TParams>> parametersType, Action<TParams> handler) : NotificationMethod
    {
        public override void Invoke(string method, ReadOnlySpan<byte> parameters) => handler(Json.Read(parameters, parametersType(), method));
    }

    private sealed class BareNotification(Action handler) : NotificationMethod
    {
        public override void Invoke(string method, ReadOnlySpan<byte> parameters) => handler();
    }
}
