using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Infill.Tests.Server.Benchmarking;

/// <summary>A loopback HTTP server for one request: answers it with events of a stream, each in a write of its own.</summary>
internal sealed class ScriptedPeer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string[] _events;
    private readonly TaskCompletionSource<(string Path, string Body)> _request = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ScriptedPeer(params string[] events)
    {
        _events = events;
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = ServeAsync();
    }

    public Uri Url { get; }

    /// <summary>Whether the stream goes on after the last event, until the client leaves.</summary>
    public bool StaysOpen { get; init; }

    /// <summary>Whether the first request's connection is closed without an answer.</summary>
    public bool HangsUpFirst { get; init; }

    public Task<(string Path, string Body)> Request => _request.Task;

    /// <summary>Completes when the client has closed the connection.</summary>
    public Task Closed => _closed.Task;

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            using var client = await AcceptAsync();
            var stream = client.GetStream();
            _request.SetResult(await ReadRequestAsync(stream));
            await WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            foreach (var data in _events)
            {
                var text = $"data: {data}\n\n";
                await WriteAsync(stream, $"{Encoding.UTF8.GetByteCount(text):X}\r\n{text}\r\n");
            }

            if (!StaysOpen) await WriteAsync(stream, "0\r\n\r\n");
            while (await stream.ReadAsync(new byte[64]) > 0)
            {
                // Nothing more is expected; the end is what is waited for.
            }

            _closed.SetResult();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            _closed.TrySetResult(); // the connection or the listener was closed
        }
    }

    private async Task<TcpClient> AcceptAsync()
    {
        var client = await _listener.AcceptTcpClientAsync();
        if (!HangsUpFirst) return client;
        using (client) await ReadRequestAsync(client.GetStream());
        return await _listener.AcceptTcpClientAsync();
    }

    private static async Task<(string Path, string Body)> ReadRequestAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        var path = (await reader.ReadLineAsync())!.Split(' ')[1];
        var length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
        {
            if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(header.AsSpan(header.IndexOf(':', StringComparison.Ordinal) + 1));
        }

        var body = new char[length];
        var read = await reader.ReadBlockAsync(body);
        return (path, new string(body, 0, read));
    }

    private static Task WriteAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();
}
