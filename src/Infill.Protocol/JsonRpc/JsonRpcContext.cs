using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Protocol.JsonRpc;

/// <summary>The parameters of <c>$/cancelRequest</c>, in both directions.</summary>
internal sealed record CancelParams(RequestId Id);

/// <summary>What JSON-RPC itself serialises; LSP's types have their own context.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(RequestIdConverter)])]
[JsonSerializable(typeof(CancelParams))]
internal sealed partial class JsonRpcContext : JsonSerializerContext;

internal sealed class RequestIdConverter : JsonConverter<RequestId>
{
    public override RequestId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RequestId.TryRead(ref reader, out var id) ? id : throw new JsonException("An id is a whole number or a string.");

    public override void Write(Utf8JsonWriter writer, RequestId value, JsonSerializerOptions options) => value.WriteValueTo(writer);
}
