using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary>JSON in and out of a request, and events where it streams.</summary>
internal static class Exchange
{
    /// <exception cref="ApiException">The body is not what it should be.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
                ?? throw ApiException.BadRequest("The body is null; it must be a JSON object.");
        }
        catch (JsonException e)
        {
            var path = e.Path?.TrimStart('$', '.');
            throw ApiException.BadRequest(string.IsNullOrEmpty(path)
                ? $"The body is no JSON object that can be read: line {e.LineNumber + 1}, byte {e.BytePositionInLine}."
                : $"The value of '{path}' can't be used: it is of the wrong kind, or no JSON.");
        }
    }

    public static async Task WriteAsync(HttpContext context, JsonNode answer, int status = StatusCodes.Status200OK)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        await response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    /// <summary>From here on the answer is a stream of server-sent events.</summary>
    public static void BeginEvents(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store, no-transform"; // a proxy that compresses, as VS Code's in the browser does, collects
        context.Response.Headers["X-Accel-Buffering"] = "no"; // nginx's word for not to
    }

    public static async Task WriteEventAsync(HttpContext context, string data)
    {
        await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted); // JSON on one line: it has no line feeds
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    public static JsonObject Error(int status, string type, string message) => new()
    {
        ["error"] = new JsonObject { ["code"] = status, ["message"] = message, ["type"] = type },
    };
}
