using Infill.Protocol.JsonRpc;
using static Infill.Tests.Protocol.TestClient;

namespace Infill.Tests.Protocol;

public sealed class CancellationTests
{
    [Fact]
    public async Task Cancelling_answers_at_once_and_what_the_handler_returns_later_is_discarded()
    {
        var gate = new TaskCompletionSource();
        var (client, requests) = Stubborn(gate.Task);
        await client.SendAsync(Request("1", "wait"), Notification("$/cancelRequest", """{"id":1}"""));

        var answer = (await client.ReceiveAsync())!.Value;

        Assert.Equal(("1", RpcErrorCodes.RequestCancelled), (answer.Id(), answer.ErrorCode()));
        Assert.True(requests[0].Cancelled.IsCancellationRequested);
        gate.SetResult();
        Assert.Empty(await client.ReceiveAllAsync());
    }

    [Theory]
    [InlineData("""{"id":"1"}""")]
    [InlineData("""{"id":2}""")]
    [InlineData("""{"id":null}""")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public async Task Cancelling_something_else_does_not_touch_a_request(string parameters)
    {
        var gate = new TaskCompletionSource();
        var (client, requests) = Stubborn(gate.Task);

        await client.SendAsync(Request("1", "wait"), Notification("$/cancelRequest", parameters), Request("9", "unknown"));

        Assert.Equal("9", (await client.ReceiveAsync())!.Value.Id());
        Assert.False(requests[0].Cancelled.IsCancellationRequested);
        gate.SetResult();
        Assert.Equal("done", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task Cancelling_a_finished_request_is_ignored()
    {
        var (client, _) = Stubborn(Task.CompletedTask);

        await client.SendAsync(Request("1", "wait"), Notification("$/cancelRequest", """{"id":1}"""));

        Assert.Equal("done", Assert.Single(await client.ReceiveAllAsync()).Result());
    }

    [Fact]
    public async Task A_rejected_request_is_answered_with_that_error_and_no_other()
    {
        var gate = new TaskCompletionSource();
        var (client, requests) = Stubborn(gate.Task);
        await client.SendAsync(Request("1", "wait"), Request("9", "unknown"));
        await client.ReceiveAsync();

        Assert.True(requests[0].Reject(new RpcError(RpcErrorCodes.ContentModified, "edited")));
        Assert.False(requests[0].Reject(new RpcError(RpcErrorCodes.RequestFailed, "again")));

        Assert.True(requests[0].Cancelled.IsCancellationRequested);
        gate.SetResult();
        Assert.Equal(RpcErrorCodes.ContentModified, Assert.Single(await client.ReceiveAllAsync()).ErrorCode());
    }

    [Fact]
    public async Task A_second_request_with_a_pending_id_is_refused_and_the_first_keeps_its_answer()
    {
        var gate = new TaskCompletionSource();
        var (client, _) = Stubborn(gate.Task);

        await client.SendAsync(Request("1", "wait"), Request("1", "wait"), Request("\"1\"", "unknown"));

        Assert.Equal(RpcErrorCodes.InvalidRequest, (await client.ReceiveAsync())!.Value.ErrorCode());
        Assert.Equal("\"1\"", (await client.ReceiveAsync())!.Value.Id());
        gate.SetResult();
        Assert.Equal("done", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task An_id_may_be_used_again_once_it_is_answered()
    {
        var (client, _) = Stubborn(Task.CompletedTask);
        await client.SendAsync(Request("1", "wait"));
        await client.ReceiveAsync();

        await client.SendAsync(Request("1", "wait"));

        Assert.Equal("done", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task Whoever_answers_a_request_it_is_answered_once()
    {
        List<IncomingRequest> requests = [];
        var gates = Enumerable.Range(0, 200).Select(_ => new TaskCompletionSource()).ToArray();
        var methods = new MethodTable();
        methods.OnRequest("wait", TestJson.Default.String, async request =>
        {
            requests.Add(request);
            request.Id.TryGetNumber(out var id);
            await gates[id].Task;
            return "done";
        });
        var client = new TestClient(methods);
        await client.SendAsync([.. Enumerable.Range(0, 200).Select(id => Request($"{id}", "wait")), Request("\"last\"", "unknown")]);
        await client.ReceiveAsync();

        var rejecting = Task.Run(() => requests.ForEach(request => request.Reject(new RpcError(RpcErrorCodes.ContentModified, "edited"))));
        var finishing = Task.Run(() => Array.ForEach(gates, gate => gate.SetResult()));
        await client.SendAsync([.. Enumerable.Range(0, 200).Select(id => Notification("$/cancelRequest", $$"""{"id":{{id}}}"""))]);
        await Task.WhenAll(rejecting, finishing);

        var ids = (await client.ReceiveAllAsync()).Select(answer => answer.Id());
        Assert.Equal(Enumerable.Range(0, 200).Select(id => $"{id}").Order(), ids.Order());
        Assert.Equal(client.Connection.Counters.RequestsReceived, client.Connection.Counters.RequestsAnswered);
    }

    /// <summary>A client of a server whose one request waits for the gate and does not look at its token.</summary>
    private static (TestClient Client, List<IncomingRequest> Requests) Stubborn(Task gate)
    {
        List<IncomingRequest> requests = [];
        var methods = new MethodTable();
        methods.OnRequest("wait", TestJson.Default.String, async request =>
        {
            requests.Add(request);
            await gate;
            return "done";
        });
        return (new TestClient(methods), requests);
    }
}
