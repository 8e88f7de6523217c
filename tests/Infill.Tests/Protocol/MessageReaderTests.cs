using System.IO.Pipelines;
using System.Text;
using Infill.Protocol.JsonRpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Protocol;

public sealed class MessageReaderTests
{
    private static readonly MessageLimits s_small = new() { BodyBytes = 100, HeaderBytes = 128, SkippableBytes = 10_000 };

    [Fact]
    public async Task Frames_read_the_same_wherever_the_bytes_are_split()
    {
        var bytes = Encoding.UTF8.GetBytes(
            "Content-Length: 2\r\n\r\n{}content-length:4\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n\"é\"" +
            "garbage\r\nContent-Length: 0\r\n\r\nCONTENT-LENGTH: 1\r\nX-Other: y\r\n\r\n7");

        for (var split = 0; split <= bytes.Length; split++)
        {
            Assert.Equal(["{}", "\"é\"", "!ParseError", "", "7"], await ReadAsync(bytes[..split], bytes[split..]));
        }
    }

    [Fact]
    public async Task Frames_read_byte_by_byte()
    {
        var bytes = Encoding.UTF8.GetBytes("Content-Length: 2\r\n\r\n{}nonsense Content-Length: 3\r\n\r\n[1]");

        Assert.Equal(["{}", "!ParseError", "[1]"], await ReadAsync([.. bytes.Select(b => new[] { b })]));
    }

    [Theory]
    [InlineData("Content-Length: -1\r\n\r\n{}")]
    [InlineData("Content-Length: +2\r\n\r\n{}")]
    [InlineData("Content-Length: two\r\n\r\n{}")]
    [InlineData("Content-Length: 2 2\r\n\r\n{}")]
    [InlineData("Content-Length:\r\n\r\n{}")]
    [InlineData("Content-Length: 99999999999999999999\r\n\r\n{}")]
    [InlineData("Content-Length: 10001\r\n\r\n{}")]
    [InlineData("Content-Length: 2\r\n")]
    [InlineData("Content-Type: x\r\n\r\n{}")]
    [InlineData("X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n")]
    [InlineData("\r\n")]
    [InlineData("{\"jsonrpc\":\"2.0\"}")]
    [InlineData("no colon\r\n")]
    [InlineData(": 2\r\n\r\n{}")]
    [InlineData("\0\u0001\u00ff")]
    [InlineData("Content-Length")]
    [InlineData("Content-Length: 5")]
    [InlineData("CCCContent-")]
    public async Task Bad_framing_is_reported_once_and_reading_goes_on_at_the_next_header(string garbage)
    {
        Assert.Equal(["[0]", "!ParseError", "[1]"], await ReadAsync(Encoding.Latin1.GetBytes("Content-Length: 3\r\n\r\n[0]" + garbage + "Content-Length: 3\r\n\r\n[1]")));
    }

    [Fact]
    public async Task A_line_feed_alone_ends_a_header_line()
    {
        Assert.Equal(["[1]"], await ReadAsync(Encoding.UTF8.GetBytes("Content-Length: 3\n\n[1]")));
    }

    [Fact]
    public async Task Garbage_is_reported_before_more_input_comes()
    {
        var pipe = new Pipe();
        var reader = new MessageReader(pipe.Reader, s_small, NullLogger.Instance);
        await pipe.Writer.WriteAsync("{"u8.ToArray());

        var frame = await reader.ReadAsync().AsTask().WaitAsync(TestClient.Patience);

        Assert.NotNull(frame.Fault);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":7,"method":"m","params":{"id":8}""", "!InvalidRequest 7 m")]
    [InlineData("""{"method":"m","id":"seven","params":{""", "!InvalidRequest \"seven\" m")]
    [InlineData("""{"jsonrpc":"2.0","method":"m","params":[""", "!InvalidRequest m")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"result":"x""", "!InvalidRequest response")]
    [InlineData("not json", "!InvalidRequest")]
    public async Task A_body_over_the_limit_is_skipped_to_the_byte_and_its_id_found(string start, string expected)
    {
        var body = start.PadRight(5000, '-');

        Assert.Equal([expected, "[1]"], await ReadAsync(Encoding.UTF8.GetBytes($"Content-Length: 5000\r\n\r\n{body}Content-Length: 3\r\n\r\n[1]")));
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_before_it_is_complete()
    {
        var pipe = new Pipe();
        var reader = new MessageReader(pipe.Reader, s_small, NullLogger.Instance);
        var start = """{"jsonrpc":"2.0","id":7,"method":"m","params":""".PadRight(4096);
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes("Content-Length: 9000\r\n\r\n" + start));

        var frame = await reader.ReadAsync().AsTask().WaitAsync(TestClient.Patience);

        Assert.Equal(new RequestId(7), frame.Fault!.Id);
    }

    [Fact]
    public async Task Another_charset_is_refused_and_its_body_skipped()
    {
        Assert.Equal(
            ["!InvalidRequest", "[1]"],
            await ReadAsync(Encoding.UTF8.GetBytes("Content-Length: 2\r\nContent-Type: a/b; charset=utf-16\r\n\r\n{}Content-Length: 3\r\n\r\n[1]")));
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\n{}")]
    [InlineData("Content-Len")]
    [InlineData("Content-Length: 500\r\n\r\n{}")]
    [InlineData("")]
    public async Task The_end_of_the_input_ends_the_reader_wherever_it_falls(string input)
    {
        var frames = await ReadAsync(Encoding.UTF8.GetBytes(input));

        Assert.DoesNotContain(frames, frame => !frame.StartsWith('!'));
    }

    /// <summary>All frames of the input, which comes in these pieces; faults as <c>!Code id method</c>.</summary>
    private static async Task<List<string>> ReadAsync(params byte[][] pieces)
    {
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline));
        var reader = new MessageReader(pipe.Reader, s_small, NullLogger.Instance);
        var reading = ReadToEndAsync(reader);
        foreach (var piece in pieces) await pipe.Writer.WriteAsync(piece);
        await pipe.Writer.CompleteAsync();
        return await reading.WaitAsync(TestClient.Patience);
    }

    private static async Task<List<string>> ReadToEndAsync(MessageReader reader)
    {
        List<string> frames = [];
        while (await reader.ReadAsync() is { IsEnd: false } frame)
        {
            frames.Add(frame.Fault is { } fault ? Describe(fault) : Encoding.UTF8.GetString(frame.Body.Span));
        }

        return frames;
    }

    private static string Describe(FrameFault fault) =>
        (fault.Error.Code == RpcErrorCodes.ParseError ? "!ParseError" : "!InvalidRequest") +
        (fault.Id.IsNull ? "" : $" {fault.Id}") +
        (fault.Method is null ? "" : $" {fault.Method}") +
        (fault.IsResponse ? " response" : "");
}
