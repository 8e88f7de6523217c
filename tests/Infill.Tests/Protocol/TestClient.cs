using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Protocol.JsonRpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Protocol;

internal sealed record Word(string Text);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Word))]
[JsonSerializable(typeof(string))]
internal sealed partial class TestJson : JsonSerializerContext;

/// <summary>The client's end of an in-memory connection, byte by byte where a test wants that.</summary>
internal sealed class TestClient
{
    /// <summary>Longer than anything here takes; reached only where a test would hang.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _fromServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly MessageReader _reader;

    public TestClient(MethodTable methods, MessageLimits? limits = null)
    {
        Connection = new Connection(_toServer.Reader, _fromServer.Writer, methods, NullLogger.Instance, limits);
        _reader = new MessageReader(_fromServer.Reader, MessageLimits.Default, NullLogger.Instance);
        Running = Connection.RunAsync();
    }

    public Connection Connection { get; }

    public Task Running { get; }

    public static byte[] Frame(string json) => [.. Encoding.UTF8.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}")];

    public static string Request(string id, string method, string? parameters = null) =>
        $$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}"{{(parameters is null ? "" : ",\"params\":" + parameters)}}}""";

    public static string Notification(string method, string parameters) =>
        $$"""{"jsonrpc":"2.0","method":"{{method}}","params":{{parameters}}}""";

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes) => await _toServer.Writer.WriteAsync(bytes);

    public Task SendAsync(params string[] messages) => SendBytesAsync(messages.SelectMany(Frame).ToArray());

    public async Task HangUpAsync()
    {
        await _toServer.Writer.CompleteAsync();
        await Running.WaitAsync(Patience);
    }

    /// <summary>The server's next message, or null at its end.</summary>
    public async Task<JsonElement?> ReceiveAsync()
    {
        var frame = await _reader.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Null(frame.Fault);
        return frame.IsEnd ? null : JsonElement.Parse(frame.Body.Span);
    }

    /// <summary>Hangs up and returns all that the server still said.</summary>
    public async Task<List<JsonElement>> ReceiveAllAsync()
    {
        await HangUpAsync();
        List<JsonElement> all = [];
        while (await ReceiveAsync() is { } message) all.Add(message);
        return all;
    }
}

internal static class JsonElementExtensions
{
    public static string Id(this JsonElement message) => message.GetProperty("id").GetRawText();

    public static int? ErrorCode(this JsonElement message) =>
        message.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : null;

    public static string ErrorMessage(this JsonElement message) => message.GetProperty("error").GetProperty("message").GetString()!;

    public static string? Result(this JsonElement message) => message.GetProperty("result").GetString();
}
