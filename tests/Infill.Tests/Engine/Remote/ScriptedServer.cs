using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine.Remote;

/// <summary>A loopback HTTP server that answers as a test says, down to the bytes. Sockets, not a web server: it must be able to do wrong.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<string, Func<ScriptedExchange, Task>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<TcpClient, bool> _clients = new();
    private int _open;

    public ScriptedServer(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _ = AcceptAsync();
    }

    public Uri Url { get; }

    public ConcurrentQueue<ScriptedExchange> Exchanges { get; } = [];

    /// <summary>Requests that are being answered.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>The last request for a text.</summary>
    public ScriptedExchange LastCompletion => Exchanges.Last(static each => each.Path is "/infill" or "/v1/completions");

    public int Completions => Exchanges.Count(static each => each.Path is "/infill" or "/v1/completions");

    /// <summary>What a path is answered with; others are answered with 404.</summary>
    public ScriptedServer On(string path, Func<ScriptedExchange, Task> answer)
    {
        _answers[path] = answer;
        return this;
    }

    /// <summary>It is a llama-server whose <c>/infill</c> is answered so.</summary>
    public ScriptedServer AsLlama(Func<ScriptedExchange, Task> infill) =>
        On("/health", static exchange => exchange.JsonAsync("""{"status":"ok"}"""))
            .On("/props", static exchange => exchange.JsonAsync("""{"total_slots":2,"model_alias":"scripted"}"""))
            .On("/infill", infill);

    /// <summary>It has OpenAI's paths, and a model of that name.</summary>
    public ScriptedServer AsOpenAi(Func<ScriptedExchange, Task> completions, string model = "Qwen2.5-Coder-7B") =>
        On("/v1/models", exchange => exchange.JsonAsync($$"""{"object":"list","data":[{"id":"{{model}}"}]}""")).On("/v1/completions", completions);

    /// <summary>Closes it, and all that it was answering.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        foreach (var client in _clients.Keys) client.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        client.NoDelay = true;
        _clients[client] = true;
        try
        {
            var stream = client.GetStream();
            while (await ScriptedExchange.ReadAsync(client, stream) is { } exchange)
            {
                Interlocked.Increment(ref _open);
                try
                {
                    Exchanges.Enqueue(exchange);
                    await _answers.GetValueOrDefault(exchange.Path, static each => each.StatusAsync(404))(exchange);
                }
                finally
                {
                    Interlocked.Decrement(ref _open);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The client left, or the script did.
        }
        finally
        {
            _clients.TryRemove(client, out _);
            client.Dispose();
        }
    }
}

/// <summary>One request and what is answered to it.</summary>
internal sealed class ScriptedExchange
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;

    private ScriptedExchange(TcpClient client, NetworkStream stream, string path, IReadOnlyList<string> headers, string body)
    {
        (_client, _stream, Path, Headers, Body) = (client, stream, path, headers, body);
    }

    public string Path { get; }

    public IReadOnlyList<string> Headers { get; }

    public string Body { get; }

    public JsonElement Json => JsonElement.Parse(Body);

    public static async Task<ScriptedExchange?> ReadAsync(TcpClient client, NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, false, bufferSize: 1, leaveOpen: true); // not a byte beyond this request
        if (await reader.ReadLineAsync() is not { } first) return null;
        var headers = new List<string>();
        var length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            headers.Add(header);
            if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(header.AsSpan(header.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
        }

        var body = new char[length];
        var read = length == 0 ? 0 : await reader.ReadBlockAsync(body); // an empty read would wait for the next request
        return new ScriptedExchange(client, stream, first.Split(' ')[1], headers, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body, 0, read)));
    }

    public Task RawAsync(string text) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

    public Task JsonAsync(string json) => WholeAsync("200 OK", "application/json", json);

    public Task StatusAsync(int status, string text = "{}") => WholeAsync($"{status} Scripted", "application/json", text);

    public Task WholeAsync(string status, string type, string text) =>
        RawAsync($"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\n\r\n{text}");

    public Task BeginEventsAsync() => RawAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");

    /// <summary>A piece of the stream, in a write of its own.</summary>
    public Task PieceAsync(string text) => RawAsync($"{Encoding.UTF8.GetByteCount(text):X}\r\n{text}\r\n");

    public Task EventAsync(string data) => PieceAsync($"data: {data}\n\n");

    public Task EndAsync() => RawAsync("0\r\n\r\n");

    /// <summary>An answer in the dialect of the path: the texts, a token each, and the end.</summary>
    public async Task AnswerAsync(params string[] texts)
    {
        await BeginEventsAsync();
        foreach (var text in texts) await TextAsync(text);
        await EventAsync(Path == "/infill" ? """{"content":"","stop":true,"stop_type":"eos"}""" : """{"choices":[{"text":"","finish_reason":"stop"}]}""");
        if (Path != "/infill") await EventAsync("[DONE]");
        await EndAsync();
    }

    public Task TextAsync(string text) => EventAsync(Path == "/infill"
        ? $$$"""{"content":{{{Quoted(text)}}},"stop":false,"completion_probabilities":[{"token":{{{Quoted(text)}}},"logprob":-0.01}]}"""
        : $$$"""{"choices":[{"text":{{{Quoted(text)}}},"finish_reason":null,"logprobs":{"tokens":[{{{Quoted(text)}}}],"token_logprobs":[-0.01]}}]}""");

    /// <summary>As many letters as are asked for, a token each, however long that takes.</summary>
    public async Task LettersAsync()
    {
        var count = Json.GetProperty(Path == "/infill" ? "n_predict" : "max_tokens").GetInt32();
        await BeginEventsAsync();
        for (var i = 0; i < count; i++) await TextAsync(((char)('a' + (i % 26))).ToString());
        await EventAsync(Path == "/infill"
            ? $$$"""{"content":"","stop":true,"stop_type":"limit","tokens_evaluated":9,"tokens_predicted":{{{count}}},"timings":{"prompt_n":4,"cache_n":5,"prompt_ms":1.5,"predicted_n":{{{count}}},"predicted_ms":2.5}}"""
            : """{"choices":[{"text":"","finish_reason":"length"}]}""");
        if (Path != "/infill")
        {
            await EventAsync($$$"""{"choices":[],"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens":{{{count}}} } }""");
            await EventAsync("[DONE]");
        }

        await EndAsync();
    }

    /// <summary>Ends the connection as a machine does that is switched off.</summary>
    public Task ResetAsync()
    {
        _client.LingerState = new LingerOption(enable: true, seconds: 0);
        _client.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Completes when the client has closed the connection.</summary>
    public async Task ClosedAsync()
    {
        try
        {
            while (await _stream.ReadAsync(new byte[64]) > 0)
            {
                // Nothing more is expected.
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Closed hard.
        }
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
