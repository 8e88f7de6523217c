using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Infill.Tests.Models.Pulling;

/// <summary>What a hub does with one request for the file itself.</summary>
internal enum Fault
{
    None,
    Cut,
    Slow,
    Stalled,
    TooMany,
    Unavailable,
    IgnoresRange,
    WrongBytes,
    ShortLength,
    TooLong,
    LostRange,
}

/// <summary>A hub on the loopback that has one file, redirects to where its bytes are, and misbehaves as it is told.</summary>
internal sealed class FaultyHub : IDisposable
{
    private readonly TcpListener _hub = new(IPAddress.Loopback, 0);
    private readonly TcpListener _bytes = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();

    public FaultyHub()
    {
        _hub.Start();
        _bytes.Start();
        _ = AcceptAsync(_hub, RedirectAsync);
        _ = AcceptAsync(_bytes, ServeAsync);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_hub.LocalEndpoint).Port}/");

    public byte[] File { get; set; } = [];

    /// <summary>The tag that says what the file is; null gives none.</summary>
    public string? LinkedTag { get; set; }

    /// <summary>Asked for each request of the file's bytes.</summary>
    public Func<Fault> Next { get; set; } = static () => Fault.None;

    public Random Random { get; set; } = new(0);

    /// <summary>Of the hub itself, in place of a redirect; null redirects.</summary>
    public string? Refusal { get; set; }

    /// <summary>Heads of all requests: to the hub, and to the other address.</summary>
    public ConcurrentQueue<string> ToHub { get; } = new();

    public ConcurrentQueue<string> ToBytes { get; } = new();

    public void Dispose()
    {
        _ended.Cancel();
        _hub.Dispose();
        _bytes.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, Func<string, NetworkStream, Task> answer)
    {
        try
        {
            while (true) _ = ConverseAsync(await listener.AcceptTcpClientAsync(_ended.Token), answer);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task ConverseAsync(TcpClient client, Func<string, NetworkStream, Task> answer)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var head = new StringBuilder();
                var one = new byte[1];
                while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1) head.Append((char)one[0]);
                if (head.Length > 0) await answer(head.ToString(), stream);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // the client has had enough
            }
        }
    }

    private Task RedirectAsync(string head, NetworkStream stream)
    {
        ToHub.Enqueue(head);
        var tag = LinkedTag is null ? "" : $"X-Linked-Etag: \"{LinkedTag}\"\r\n";
        var port = ((IPEndPoint)_bytes.LocalEndpoint).Port;
        return HeadAsync(stream, Refusal ?? $"302 Found\r\n{tag}X-Linked-Size: {File.Length}\r\nLocation: http://localhost:{port}/blob?signature=secret", 0);
    }

    private async Task ServeAsync(string head, NetworkStream stream)
    {
        ToBytes.Enqueue(head);
        var fault = Next();
        var body = File;
        var from = fault == Fault.IgnoresRange ? 0 : RangeOf(head);
        if (fault == Fault.TooMany || fault == Fault.Unavailable)
        {
            await HeadAsync(stream, fault == Fault.TooMany ? "429 Too Many Requests\r\nRetry-After: 0" : "503 Service Unavailable", 0);
            return;
        }

        if (from >= body.Length)
        {
            await HeadAsync(stream, $"416 Range Not Satisfiable\r\nContent-Range: bytes */{body.Length}", 0);
            return;
        }

        if (fault == Fault.WrongBytes)
        {
            body = (byte[])body.Clone();
            body[Random.Next(from, body.Length)] ^= 1;
        }

        var end = fault == Fault.ShortLength ? Random.Next(from, body.Length) : body.Length;
        var extra = fault == Fault.TooLong ? 7 : 0;
        var claimed = fault == Fault.LostRange && from > 0 ? from - 1 : from;
        var status = from > 0 ? $"206 Partial Content\r\nContent-Range: bytes {claimed}-{body.Length - 1}/{body.Length}" : "200 OK";
        await HeadAsync(stream, status + "\r\nETag: \"v1\"", end - from + extra);
        if (fault == Fault.Cut) end = Random.Next(from, end);
        for (var at = from; at < end;)
        {
            var count = Math.Min(fault == Fault.Slow ? Random.Next(1, 4000) : 64 * 1024, end - at);
            await stream.WriteAsync(body.AsMemory(at, count), _ended.Token);
            at += count;
            if (fault == Fault.Slow) await Task.Yield();
            if (fault == Fault.Stalled) await stream.ReadExactlyAsync(new byte[1], _ended.Token); // until the client hangs up
        }

        await stream.WriteAsync(new byte[extra], _ended.Token);
    }

    private static Task HeadAsync(NetworkStream stream, string status, int length) =>
        stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")).AsTask();

    private static int RangeOf(string head)
    {
        const string Name = "Range: bytes=";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return 0;
        var digits = head[(at + Name.Length)..];
        return int.Parse(digits[..digits.IndexOf('-', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
    }
}
