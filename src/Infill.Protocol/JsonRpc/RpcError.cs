using System.Text.Json;

namespace Infill.Protocol.JsonRpc;

/// <summary>Why a request failed, as the client is told.</summary>
public sealed record RpcError(int Code, string Message, JsonElement? Data = null)
{
    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("error"u8);
        writer.WriteNumber("code"u8, Code);
        writer.WriteString("message"u8, Message);
        if (Data is { } data)
        {
            writer.WritePropertyName("data"u8);
            data.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}

/// <summary>The codes of JSON-RPC and LSP.</summary>
public static class RpcErrorCodes
{
    public const int ParseError = -32700;
    public const int InvalidRequest = -32600;
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;
    public const int ServerNotInitialized = -32002;
    public const int UnknownErrorCode = -32001;

    /// <summary>The request was right and yet failed; the message says why.</summary>
    public const int RequestFailed = -32803;

    /// <summary>The server gave the request up, not the client.</summary>
    public const int ServerCancelled = -32802;

    /// <summary>The document changed, which made the answer worthless.</summary>
    public const int ContentModified = -32801;

    /// <summary>The client cancelled the request.</summary>
    public const int RequestCancelled = -32800;
}

/// <summary>Thrown by a handler to answer with this error; thrown to a caller whose request the client refused.</summary>
public sealed class RpcException : Exception
{
    public RpcException(RpcError error)
        : base(error?.Message) => Error = error ?? throw new ArgumentNullException(nameof(error));

    public RpcException(int code, string message)
        : this(new RpcError(code, message))
    {
    }

    public RpcError Error { get; }
}
