using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Infill.Protocol.JsonRpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Protocol;

public sealed class MessageWriterTests
{
    [Fact]
    public void A_message_is_in_the_pipe_when_the_send_returns()
    {
        var pipe = new Pipe();
        var writer = new MessageWriter(pipe.Writer, MessageLimits.Default, NullLogger.Instance);

        writer.SendNotification("hello", new Word("wörld"), TestJson.Default.Word);

        Assert.True(pipe.Reader.TryRead(out var result));
        Assert.Equal(
            "Content-Length: 61\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":{\"text\":\"wörld\"}}",
            Encoding.UTF8.GetString(result.Buffer));
    }

    [Fact]
    public async Task A_slow_client_blocks_no_sender_and_loses_nothing()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
        var writer = new MessageWriter(pipe.Writer, MessageLimits.Default, NullLogger.Instance);

        for (var i = 0; i < 1000; i++) writer.SendNotification("n", new Word($"{i}"), TestJson.Default.Word);

        var words = await ReadWordsAsync(pipe.Reader, 1000);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), words);
    }

    [Fact]
    public async Task Frames_of_many_senders_stay_whole_and_each_senders_in_order()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
        var writer = new MessageWriter(pipe.Writer, MessageLimits.Default, NullLogger.Instance);
        var reading = ReadWordsAsync(pipe.Reader, 8 * 500);

        await Parallel.ForAsync(0, 8, (sender, _) =>
        {
            for (var i = 0; i < 500; i++) writer.SendNotification("n", new Word($"{sender} {i} {new string('x', i)}"), TestJson.Default.Word);
            return ValueTask.CompletedTask;
        });

        var words = await reading;
        for (var sender = 0; sender < 8; sender++)
        {
            var own = words.Where(word => word.StartsWith($"{sender} ", StringComparison.Ordinal)).Select(word => int.Parse(word.Split(' ')[1]));
            Assert.Equal(Enumerable.Range(0, 500), own);
        }
    }

    [Fact]
    public async Task Too_much_waiting_for_a_client_ends_the_writer()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
        var writer = new MessageWriter(pipe.Writer, new MessageLimits { QueuedBytes = 10_000 }, NullLogger.Instance);

        for (var i = 0; i < 100; i++) writer.SendNotification("n", new Word(new string('x', 1000)), TestJson.Default.Word);

        await writer.Ended.WaitAsync(TestClient.Patience);
    }

    [Fact]
    public async Task Completing_sends_what_waits_and_drops_what_comes_later()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
        var writer = new MessageWriter(pipe.Writer, MessageLimits.Default, NullLogger.Instance);
        for (var i = 0; i < 10; i++) writer.SendNotification("n", new Word("kept"), TestJson.Default.Word);

        var completing = writer.CompleteAsync();
        writer.SendNotification("n", new Word("dropped"), TestJson.Default.Word);

        Assert.Equal(Enumerable.Repeat("kept", 10), await ReadWordsAsync(pipe.Reader, int.MaxValue));
        await completing.WaitAsync(TestClient.Patience);
    }

    [Fact]
    public async Task A_client_that_hung_up_ends_the_writer_and_not_the_sender()
    {
        var pipe = new Pipe();
        var writer = new MessageWriter(pipe.Writer, MessageLimits.Default, NullLogger.Instance);
        await pipe.Reader.CompleteAsync();

        writer.SendNotification("n", new Word("unheard"), TestJson.Default.Word);
        writer.SendNotification("n", new Word("unheard"), TestJson.Default.Word);

        await writer.Ended.WaitAsync(TestClient.Patience);
    }

    [Fact]
    public async Task A_broken_output_ends_the_writer_and_not_the_sender()
    {
        var writer = new MessageWriter(PipeWriter.Create(new BrokenStream()), MessageLimits.Default, NullLogger.Instance);

        writer.SendNotification("n", new Word("unheard"), TestJson.Default.Word);

        await writer.Ended.WaitAsync(TestClient.Patience);
        await writer.CompleteAsync().WaitAsync(TestClient.Patience);
    }

    private static async Task<List<string>> ReadWordsAsync(PipeReader input, int count)
    {
        var reader = new MessageReader(input, MessageLimits.Default, NullLogger.Instance);
        List<string> words = [];
        while (words.Count < count)
        {
            var frame = await reader.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
            if (frame.IsEnd) break;
            Assert.Null(frame.Fault);
            words.Add(JsonElement.Parse(frame.Body.Span).GetProperty("params").GetProperty("text").GetString()!);
        }

        return words;
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("broken pipe");
    }
}
