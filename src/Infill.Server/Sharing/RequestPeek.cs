using System.Text.Json;

namespace Infill.Server.Sharing;

/// <summary>What must be known of a request to answer for it, should the engine's process be lost.</summary>
/// <param name="Uri">Its document; null where it has none.</param>
/// <param name="Token">Of its partial results, as JSON; null where it wants none.</param>
/// <param name="Command">What it has executed; null where it is no such request.</param>
internal readonly record struct RequestPeek(string? Uri, string? Token, string? Command)
{
    public static RequestPeek Of(ReadOnlySpan<byte> parameters)
    {
        try
        {
            var reader = new Utf8JsonReader(parameters);
            if (!JsonElement.TryParseValue(ref reader, out var element) || element is not { ValueKind: JsonValueKind.Object } root) return default;
            var uri = root.TryGetProperty("textDocument", out var document) && document.ValueKind == JsonValueKind.Object ? Text(document, "uri") : null;
            var token = root.TryGetProperty("partialResultToken", out var partial) || root.TryGetProperty("token", out partial) ? partial.GetRawText() : null;
            return new RequestPeek(uri, token, Text(root, "command"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return default;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
