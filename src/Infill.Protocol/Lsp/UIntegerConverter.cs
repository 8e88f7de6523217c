using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

/// <summary>LSP's <c>uinteger</c>: a whole number from 0 to 2³¹ − 1. Anything else is an error, not a rounded value.</summary>
internal sealed class UIntegerConverter : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) && value >= 0
            ? value
            : throw new JsonException("A whole number of at least 0 is needed here.");

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
