using System.IO.Pipelines;
using Infill.Protocol.JsonRpc;
using Microsoft.Extensions.Logging.Abstractions;
using static Infill.Tests.Protocol.TestClient;

namespace Infill.Tests.Protocol;

public sealed class ConnectionEndTests
{
    [Fact]
    public async Task The_end_of_the_input_cancels_what_is_pending_and_waits_for_it()
    {
        var finished = false;
        var methods = new MethodTable();
        methods.OnRequest<string>("wait", TestJson.Default.String, async request =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, request.Cancelled);
            }
            finally
            {
                finished = true;
            }

            return "done";
        });
        var client = new TestClient(methods);
        await client.SendAsync(Request("1", "wait"));

        var answers = await client.ReceiveAllAsync();

        Assert.True(finished);
        Assert.Equal(RpcErrorCodes.RequestCancelled, Assert.Single(answers).ErrorCode());
    }

    [Fact]
    public async Task A_handler_that_does_not_stop_is_answered_for_and_left_behind()
    {
        var gate = new TaskCompletionSource();
        var methods = new MethodTable();
        methods.OnRequest<string>("wait", TestJson.Default.String, async _ =>
        {
            await gate.Task;
            return "done";
        });
        var client = new TestClient(methods, new MessageLimits { DrainTime = TimeSpan.FromMilliseconds(10) });
        await client.SendAsync(Request("1", "wait"));

        var answers = await client.ReceiveAllAsync();

        Assert.Equal(RpcErrorCodes.RequestCancelled, Assert.Single(answers).ErrorCode());
        gate.SetResult();
    }

    [Fact]
    public async Task Stopping_in_a_handler_leaves_the_messages_after_it_unread()
    {
        TestClient? client = null;
        var methods = new MethodTable();
        methods.OnNotification("exit", () => client!.Connection.Stop());
        client = new TestClient(methods);

        await client.SendAsync(Request("1", "unknown"), """{"jsonrpc":"2.0","method":"exit"}""", Request("2", "unknown"));
        await client.Running.WaitAsync(Patience);

        Assert.Equal("1", Assert.Single(await client.ReceiveAllAsync()).Id());
    }

    [Fact]
    public async Task A_token_stops_a_connection_whose_read_cannot_be_cancelled()
    {
        var output = new Pipe();
        var connection = new Connection(PipeReader.Create(new StuckStream()), output.Writer, new MethodTable(), NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var running = connection.RunAsync(stop.Token);

        await stop.CancelAsync();

        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_that_takes_no_messages_ends_the_connection()
    {
        var input = new Pipe();
        var output = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
        var limits = new MessageLimits { QueuedBytes = 1000, DrainTime = TimeSpan.FromMilliseconds(10) };
        var connection = new Connection(input.Reader, output.Writer, new MethodTable(), NullLogger.Instance, limits);
        var running = connection.RunAsync();

        for (var i = 0; i < 10; i++) connection.Notify("n", new Word(new string('x', 500)), TestJson.Default.Word);

        await running.WaitAsync(Patience);
    }

    private sealed class StuckStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await new TaskCompletionSource().Task;
            return 0;
        }
    }
}
