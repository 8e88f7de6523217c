using Infill.Protocol.JsonRpc;
using Infill.Server;
using Infill.Tests.Protocol;

namespace Infill.Tests.Server;

public sealed class ActiveRequestsTests
{
    [Fact]
    public async Task A_handler_that_ends_in_the_midst_of_a_supersession_gives_no_result()
    {
        // Its generation may be stopped, and it may see that, before the dispatch loop has come to answering for it.
        var active = new ActiveRequests();
        var methods = new MethodTable();
        methods.OnRequest("wait", TestJson.Default.Word, TestJson.Default.String, async (word, request) =>
        {
            using var entry = active.Begin("a", request);
            var stopped = new TaskCompletionSource();
            await using var registration = entry.Superseded.Register(stopped.SetResult);
            await stopped.Task;
            entry.ThrowIfEnded();
            return word.Text;
        });
        methods.OnNotification("edit", () => active.Supersede("a", new RpcError(RpcErrorCodes.ContentModified, "edited")));
        var client = new TestClient(methods);

        await client.SendAsync(TestClient.Request("1", "wait", """{"text":"old"}"""), TestClient.Notification("edit", "{}"));

        var answer = Assert.Single(await client.ReceiveAllAsync());
        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
    }
}
