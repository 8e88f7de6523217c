using System.Text.Json;

namespace Infill.Protocol.JsonRpc;

/// <summary>Looks at the beginning of a message that will not be read, for what its sender is owed.</summary>
internal static class MessagePeek
{
    /// <summary>The fault for a message that starts with these bytes, with its id and method where they are among them.</summary>
    public static FrameFault Find(ReadOnlySpan<byte> start, RpcError error)
    {
        var id = RequestId.Null;
        string? method = null;
        var isResponse = false;
        var reader = new Utf8JsonReader(start, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = int.MaxValue }));
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName) continue;

                var isId = Json.Is(ref reader, "id"u8);
                var isMethod = Json.Is(ref reader, "method"u8);
                isResponse |= Json.Is(ref reader, "result"u8) || Json.Is(ref reader, "error"u8);
                if (!reader.Read()) break;
                if (isId) RequestId.TryRead(ref reader, out id);
                if (isMethod) Json.TryGetString(ref reader, out method);
            }
        }
        catch (JsonException)
        {
            // What was found before the fault still counts.
        }

        isResponse &= method is null;
        return new FrameFault(error, isResponse ? RequestId.Null : id, method, isResponse);
    }
}
