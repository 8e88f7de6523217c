using System.Text.Json;

namespace Infill.Protocol.JsonRpc;

/// <summary>The id of one request: a number or a string, never confused (<c>1</c> is not <c>"1"</c>).</summary>
/// <remarks><c>default</c> is <see cref="Null"/>, which only an error response to an unreadable message may carry.</remarks>
public readonly record struct RequestId
{
    private readonly bool _isNumber;
    private readonly long _number;
    private readonly string? _text;

    public RequestId(long number)
    {
        _isNumber = true;
        _number = number;
    }

    public RequestId(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
    }

    /// <summary>No id: the message could not be read far enough to find one.</summary>
    public static RequestId Null => default;

    public bool IsNull => !_isNumber && _text is null;

    /// <summary>The number, where the id is one.</summary>
    public bool TryGetNumber(out long number)
    {
        number = _number;
        return _isNumber;
    }

    /// <summary>As it looks in JSON, so that a log tells <c>1</c> from <c>"1"</c>.</summary>
    public override string ToString() => _isNumber ? _number.ToString() : _text is null ? "null" : $"\"{_text}\"";

    /// <summary>Reads the value the reader stands on. False for anything but a whole number or a readable string.</summary>
    internal static bool TryRead(ref Utf8JsonReader reader, out RequestId id)
    {
        id = default;
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (!reader.TryGetInt64(out var number)) return false;
            id = new RequestId(number);
            return true;
        }

        if (reader.TokenType != JsonTokenType.String || !Json.TryGetString(ref reader, out var text)) return false;
        id = new RequestId(text);
        return true;
    }

    /// <summary>Writes the member <c>id</c>.</summary>
    internal void WriteTo(Utf8JsonWriter writer)
    {
        writer.WritePropertyName("id"u8);
        WriteValueTo(writer);
    }

    internal void WriteValueTo(Utf8JsonWriter writer)
    {
        if (_isNumber) writer.WriteNumberValue(_number);
        else if (_text is not null) writer.WriteStringValue(_text);
        else writer.WriteNullValue();
    }
}
