using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Protocol.JsonRpc;

namespace Infill.Protocol.Lsp;

/// <summary>What progress is reported under: a number or a string, never confused. Whoever asks for progress invents it.</summary>
[JsonConverter(typeof(ProgressTokenConverter))]
public readonly record struct ProgressToken
{
    private readonly RequestId _value;

    public ProgressToken(long number) => _value = new RequestId(number);

    public ProgressToken(string text) => _value = new RequestId(text);

    private ProgressToken(RequestId value) => _value = value;

    public override string ToString() => _value.ToString();

    internal static ProgressToken Read(ref Utf8JsonReader reader) =>
        RequestId.TryRead(ref reader, out var value)
            ? new ProgressToken(value)
            : throw new JsonException("A progress token is a whole number or a string.");

    internal void WriteTo(Utf8JsonWriter writer) => _value.WriteValueTo(writer);
}

/// <summary>Reads and writes a token as it stands in JSON; public, as other projects' generated serialisation calls it.</summary>
public sealed class ProgressTokenConverter : JsonConverter<ProgressToken>
{
    public override ProgressToken Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => ProgressToken.Read(ref reader);

    public override void Write(Utf8JsonWriter writer, ProgressToken value, JsonSerializerOptions options) => value.WriteTo(writer);
}
