using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Infill.Protocol.JsonRpc;

/// <summary>The few JSON steps that the wire needs in more than one place.</summary>
internal static class Json
{
    /// <summary>The string the reader stands on; false where it is not Unicode (bad UTF-8, half a surrogate pair).</summary>
    public static bool TryGetString(ref Utf8JsonReader reader, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (reader.TokenType != JsonTokenType.String) return false;

        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException) // the only way the reader tells
        {
            return false;
        }
    }

    /// <summary>Whether the name or string the reader stands on is this text, whichever way it is escaped.</summary>
    public static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan.SequenceEqual(text);

        try
        {
            return reader.ValueTextEquals(text);
        }
        catch (InvalidOperationException) // half a surrogate pair, which equals nothing
        {
            return false;
        }
    }

    /// <summary>Turns a value's bytes into <typeparamref name="T"/>, with no document in between.</summary>
    /// <exception cref="RpcException"><see cref="RpcErrorCodes.InvalidParams"/>, naming what is wrong and where.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string method)
    {
        if (json.IsEmpty) throw Invalid(method, "they are missing");

        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw Invalid(method, "they are null");
        }
        catch (JsonException e)
        {
            throw Invalid(method, e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            // A converter refused the value in its own way; to the client that is the same.
            throw Invalid(method, e.Message);
        }
    }

    private static RpcException Invalid(string method, string reason) =>
        new(RpcErrorCodes.InvalidParams, $"The parameters of {method} are invalid: {reason}");
}
