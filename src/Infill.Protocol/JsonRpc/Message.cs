using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Infill.Protocol.JsonRpc;

/// <summary>One JSON-RPC message: a request, a notification or a response, and nothing else.</summary>
/// <remarks>The JSON inside stays as bytes of the frame, and lasts as long as the frame does; empty means absent.</remarks>
public abstract record Message
{
    private Message()
    {
    }

    public sealed record Request(RequestId Id, string Method, ReadOnlyMemory<byte> Params) : Message;

    public sealed record Notification(string Method, ReadOnlyMemory<byte> Params) : Message;

    /// <summary>An answer to a request of ours. It has an error, or a result (which may be JSON's null).</summary>
    public sealed record Response(RequestId Id, ReadOnlyMemory<byte> Result, RpcError? Error) : Message;

    /// <summary>Reads a frame's body. False with the fault that the sender is owed.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body,
        [NotNullWhen(true)] out Message? message,
        [NotNullWhen(false)] out FrameFault? fault)
    {
        message = null;
        var members = new Members();
        try
        {
            // Any depth: the reader keeps one bit per level and does not recurse. What is read into types has its own limit.
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = int.MaxValue });
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject) members.ReadFrom(ref reader, body);
            else reader.Skip();

            while (reader.Read())
            {
                // Nothing may follow; the reader throws where something does.
            }
        }
        catch (JsonException e)
        {
            // Not the reader's own words: they quote the text, and this is logged.
            var where = $"line {e.LineNumber}, byte {e.BytePositionInLine}";
            fault = new FrameFault(new RpcError(RpcErrorCodes.ParseError, $"The message is not JSON ({where})."), RequestId.Null);
            return false;
        }

        var reason = members.Build(out message);
        fault = reason is null ? null : new FrameFault(new RpcError(RpcErrorCodes.InvalidRequest, reason), members.Id, members.Method);
        return message is not null;
    }

    /// <summary>The members of the outermost object, as far as they have been seen.</summary>
    private struct Members()
    {
        private bool _isObject = false;
        private bool _isVersion2 = false;
        private bool _hasId = false;
        private bool _hasMethod = false;
        private bool _idIsBad = false;
        private bool _hasError = false;
        private RpcError? _error = null;
        private ReadOnlyMemory<byte> _params = default;
        private ReadOnlyMemory<byte> _result = default;

        public RequestId Id { get; private set; } = RequestId.Null;

        public string? Method { get; private set; } = null;

        public void ReadFrom(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
        {
            _isObject = true;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (Json.Is(ref reader, "id"u8))
                {
                    reader.Read();
                    _hasId = true;
                    _idIsBad = !RequestId.TryRead(ref reader, out var id) && reader.TokenType != JsonTokenType.Null;
                    Id = id;
                    reader.Skip();
                }
                else if (Json.Is(ref reader, "method"u8))
                {
                    reader.Read();
                    _hasMethod = true;
                    Json.TryGetString(ref reader, out var method);
                    Method = method;
                    reader.Skip();
                }
                else if (Json.Is(ref reader, "params"u8))
                {
                    _params = Value(ref reader, body);
                }
                else if (Json.Is(ref reader, "result"u8))
                {
                    _result = Value(ref reader, body);
                }
                else if (Json.Is(ref reader, "error"u8))
                {
                    var error = Value(ref reader, body);
                    _hasError = !error.Span.SequenceEqual("null"u8);
                    _error = _hasError ? ReadError(error.Span) : null;
                }
                else if (Json.Is(ref reader, "jsonrpc"u8))
                {
                    reader.Read();
                    _isVersion2 = reader.TokenType == JsonTokenType.String && Json.Is(ref reader, "2.0"u8);
                    reader.Skip();
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }

        /// <summary>Makes the message, or says why the members make none.</summary>
        public readonly string? Build(out Message? message)
        {
            message = null;
            if (!_isObject) return "A message is one JSON object; batches are not part of the protocol.";
            if (!_isVersion2) return "The member \"jsonrpc\" is not \"2.0\".";
            if (_idIsBad) return "The member \"id\" is neither a whole number nor a string.";

            if (_hasMethod)
            {
                if (Method is null) return "The member \"method\" is not a string.";
                if (_hasId && Id.IsNull) return "The id of a request may not be null.";

                var parameters = _params.Span.SequenceEqual("null"u8) ? default : _params;
                message = _hasId ? new Request(Id, Method, parameters) : new Notification(Method, parameters);
                return null;
            }

            if (_hasError && _error is null) return "The member \"error\" is not an error.";
            if (!_hasId || (_error is null && (_result.IsEmpty || Id.IsNull))) return "The message is neither request, notification nor response.";

            message = new Response(Id, _result, _error);
            return null;
        }

        private static ReadOnlyMemory<byte> Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return body[start..(int)reader.BytesConsumed];
        }

        private static RpcError? ReadError(ReadOnlySpan<byte> json)
        {
            int? code = null;
            string? message = null;
            JsonElement? data = null;
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) return null;

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isCode = Json.Is(ref reader, "code"u8);
                var isMessage = Json.Is(ref reader, "message"u8);
                var isData = Json.Is(ref reader, "data"u8);
                reader.Read();
                if (isCode && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number)) code = number;
                if (isMessage) Json.TryGetString(ref reader, out message);
                if (isData) data = JsonElement.ParseValue(ref reader);
                else reader.Skip();
            }

            return code is { } known && message is not null ? new RpcError(known, message, data) : null;
        }
    }
}
