using System.Text;
using Infill.Protocol.JsonRpc;
using static Infill.Tests.Protocol.TestClient;

namespace Infill.Tests.Protocol;

/// <summary>Malformed input between well-formed requests: whatever comes, those are answered once each.</summary>
/// <remarks>
/// A frame that claims more bytes than it has swallows what follows it, which no reader can know; so each malformed input
/// here brings all the bytes it claims.
/// </remarks>
public sealed class FuzzTests
{
    private const int Inputs = 10_000;
    private const int InputsPerConnection = 250;

    private static readonly string[] s_templates =
    [
        Request("1000001", "echo", """{"text":"a"}"""),
        Request("\"m1\"", "wait", """{"text":"a\u00e9\n"}"""),
        Request("1000002", "unknown", "[1,2.5,null,true]"),
        Notification("note", """{"text":"a","more":{"deep":[{}]}}"""),
        Notification("$/cancelRequest", """{"id":"m1"}"""),
        """{"jsonrpc":"2.0","id":2000001,"result":{"a":[1]}}""",
        """{"jsonrpc":"2.0","id":2000002,"error":{"code":-32601,"message":"no","data":{}}}""",
    ];

    private static readonly string[] s_badHeaders =
    [
        "Content-Length: -5\r\n\r\n", "Content-Length: x\r\n\r\n", "Content-Length: 99999999999\r\n\r\n", "Content-Type: utf-8\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length 5\r\n\r\n", "\r\n\r\n", ":\r\n", "Content-Length: 3", "Content-", "{",
        "X-Header: " + new string('x', 9000) + "\r\n", new string('x', 20_000), "\r", "\n", "Content-Length: 1e3\r\n\r\n", "Content-Length: 0x10\r\n\r\n",
    ];

    private static readonly string[] s_values =
        ["null", "true", "1.5", "-1", "1e400", "99999999999999999999", "\"\"", "\"\\ud800\"", "[]", "{}", "[[[[]]]]", "{\"id\":3}", "\"2.0\"", "\"echo\""];

    [Fact]
    public async Task Well_formed_requests_are_answered_once_each_whatever_comes_between_them()
    {
        var seed = Environment.TickCount;
        for (var from = 0; from < Inputs; from += InputsPerConnection) await RunAsync(seed + from);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Seeds_that_are_always_tried(int seed) => RunAsync(seed);

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var gate = new TaskCompletionSource();
        var methods = new MethodTable();
        methods.OnRequest("echo", TestJson.Default.Word, TestJson.Default.String, (word, _) => Task.FromResult(word.Text));
        methods.OnRequest<Word, string>("wait", TestJson.Default.Word, TestJson.Default.String, async (word, request) =>
        {
            await gate.Task.WaitAsync(request.Cancelled);
            return word.Text;
        });
        methods.OnRequest<string>("break", TestJson.Default.String, _ => throw new InvalidOperationException());
        methods.OnNotification("note", TestJson.Default.Word, _ => { });
        var client = new TestClient(methods, new MessageLimits { BodyBytes = 4000 });

        List<string> expected = [];
        for (var i = 0; i < InputsPerConnection; i++)
        {
            await SendInPiecesAsync(client, Malformed(random), random);

            var id = random.Next(2) == 0 ? $"{i}" : $"\"ok-{i}\"";
            expected.Add(id);
            var tooLong = random.Next(20) == 0 ? new string('x', 5000) : "";
            var method = random.Next(4) switch { 0 => "echo", 1 => "wait", 2 => "break", _ => "unknown" };
            await SendInPiecesAsync(client, Frame(Request(id, method, $$"""{"text":"{{tooLong}}"}""")), random);
            if (random.Next(4) == 0) await client.SendAsync(Notification("$/cancelRequest", $$"""{"id":{{expected[random.Next(expected.Count)]}}}"""));
        }

        if (random.Next(2) == 0) gate.SetResult();
        var answers = await client.ReceiveAllAsync();
        var counts = answers.CountBy(answer => answer.Id()).ToDictionary();
        foreach (var id in expected)
        {
            Assert.True(counts.GetValueOrDefault(id) == 1, $"Seed {seed}: {id} was answered {counts.GetValueOrDefault(id)} times.");
        }

        Assert.Equal(client.Connection.Counters.RequestsReceived, client.Connection.Counters.RequestsAnswered);
    }

    private static byte[] Malformed(Random random)
    {
        var body = s_templates[random.Next(s_templates.Length)];
        return random.Next(8) switch
        {
            0 => Encoding.UTF8.GetBytes(s_badHeaders[random.Next(s_badHeaders.Length)] + body),
            1 => Garbage(random),
            2 => Frame(Replaced(body, random)),
            3 => Frame(body[..random.Next(body.Length)]),
            4 => TooShort(body, random),
            5 => [.. Encoding.UTF8.GetBytes($"Content-Length: {body.Length + 50}\r\n\r\n{body}{new string('}', 50)}")],
            6 => Frame(new string(random.Next(2) == 0 ? '[' : '{', random.Next(5000))),
            _ => Flipped(Encoding.UTF8.GetBytes(body), random),
        };
    }

    /// <summary>Bytes of any value but those with which a header could begin.</summary>
    private static byte[] Garbage(Random random)
    {
        var bytes = new byte[random.Next(1, 300)];
        random.NextBytes(bytes);
        bytes.AsSpan().Replace((byte)'C', (byte)'.');
        bytes.AsSpan().Replace((byte)'c', (byte)'.');
        return bytes;
    }

    /// <summary>One of the message's values, or of its names, becomes something else.</summary>
    private static string Replaced(string body, Random random)
    {
        var colons = Enumerable.Range(0, body.Length).Where(i => body[i] == ':').ToArray();
        var start = colons[random.Next(colons.Length)] + 1;
        var end = body.IndexOfAny([',', '}'], start);
        return body[..start] + s_values[random.Next(s_values.Length)] + body[end..];
    }

    private static byte[] TooShort(string body, Random random)
    {
        var frame = Encoding.UTF8.GetBytes(body);
        return [.. Encoding.UTF8.GetBytes($"Content-Length: {random.Next(body.Length)}\r\n\r\n"), .. frame];
    }

    private static byte[] Flipped(byte[] body, Random random)
    {
        // Not in the ids, which might become one that is expected.
        for (var flips = random.Next(1, 5); flips > 0; flips--) body[random.Next(30, body.Length)] ^= (byte)(1 << random.Next(8));
        return [.. Encoding.UTF8.GetBytes($"Content-Length: {body.Length}\r\n\r\n"), .. body];
    }

    private static async Task SendInPiecesAsync(TestClient client, byte[] bytes, Random random)
    {
        if (random.Next(3) > 0)
        {
            await client.SendBytesAsync(bytes);
            return;
        }

        var split = random.Next(bytes.Length + 1);
        await client.SendBytesAsync(bytes.AsMemory(0, split));
        await client.SendBytesAsync(bytes.AsMemory(split));
    }
}
