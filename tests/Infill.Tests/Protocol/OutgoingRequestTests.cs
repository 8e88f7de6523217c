using Infill.Protocol.JsonRpc;
using static Infill.Tests.Protocol.TestClient;

namespace Infill.Tests.Protocol;

public sealed class OutgoingRequestTests
{
    [Fact]
    public async Task The_clients_answers_reach_those_who_asked()
    {
        var client = new TestClient(new MethodTable());
        var first = Ask(client, "a");
        var second = Ask(client, "b");

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"method":"ask","params":{"text":"a"}}""", (await client.ReceiveAsync())!.Value.GetRawText());
        await client.SendAsync("""{"jsonrpc":"2.0","id":2,"result":"B"}""", """{"jsonrpc":"2.0","id":1,"result":null}""");

        Assert.Equal("B", await second.WaitAsync(Patience));
        Assert.Null(await first.WaitAsync(Patience));
    }

    [Fact]
    public async Task An_error_of_the_client_is_thrown()
    {
        var client = new TestClient(new MethodTable());
        var asking = Ask(client, "a");

        await client.SendAsync("""{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"never heard of it","data":[1]}}""");

        var e = await Assert.ThrowsAsync<RpcException>(() => asking.WaitAsync(Patience));
        Assert.Equal((RpcErrorCodes.MethodNotFound, "never heard of it", "[1]"), (e.Error.Code, e.Error.Message, e.Error.Data!.Value.GetRawText()));
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":"1","result":"x"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"result":"x"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"x"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}""")]
    public async Task Answers_nobody_asked_for_are_ignored_and_not_answered(string stray)
    {
        var client = new TestClient(new MethodTable());
        var asking = Ask(client, "a");
        await client.ReceiveAsync();

        await client.SendAsync(stray, """{"jsonrpc":"2.0","id":1,"result":"x"}""");

        Assert.Equal("x", await asking.WaitAsync(Patience));
        Assert.Empty(await client.ReceiveAllAsync());
    }

    [Fact]
    public async Task An_answer_of_the_wrong_type_is_an_error()
    {
        var client = new TestClient(new MethodTable());
        var asking = Ask(client, "a");

        await client.SendAsync("""{"jsonrpc":"2.0","id":1,"result":5}""");

        await Assert.ThrowsAsync<RpcException>(() => asking.WaitAsync(Patience));
    }

    [Fact]
    public async Task Cancelling_tells_the_client_and_does_not_wait_for_it()
    {
        var client = new TestClient(new MethodTable());
        using var cancel = new CancellationTokenSource();
        var asking = Ask(client, "a", cancel.Token);
        await client.ReceiveAsync();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(Patience));
        Assert.Equal("""{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}""", (await client.ReceiveAsync())!.Value.GetRawText());
    }

    [Fact]
    public async Task The_end_of_the_connection_fails_what_waits_and_what_comes_later()
    {
        var client = new TestClient(new MethodTable());
        var asking = Ask(client, "a");

        await client.HangUpAsync();

        await Assert.ThrowsAsync<RpcException>(() => asking.WaitAsync(Patience));
        await Assert.ThrowsAsync<RpcException>(() => Ask(client, "b").WaitAsync(Patience));
    }

    private static Task<string?> Ask(TestClient client, string text, CancellationToken cancellationToken = default) =>
        client.Connection.RequestAsync("ask", new Word(text), TestJson.Default.Word, TestJson.Default.String, cancellationToken);
}
