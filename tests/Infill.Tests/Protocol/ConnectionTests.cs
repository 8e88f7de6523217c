using System.Text;
using Infill.Protocol.JsonRpc;
using static Infill.Tests.Protocol.TestClient;

namespace Infill.Tests.Protocol;

public sealed class ConnectionTests
{
    [Fact]
    public async Task A_request_is_answered_with_the_handlers_result()
    {
        var client = new TestClient(Echo());

        await client.SendAsync(Request("1", "echo", """{"text":"a"}"""), Request("\"1\"", "echo", """{"text":"b"}"""));

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":"a"}""", (await client.ReceiveAsync())!.Value.GetRawText());
        Assert.Equal("""{"jsonrpc":"2.0","id":"1","result":"b"}""", (await client.ReceiveAsync())!.Value.GetRawText());
    }

    [Fact]
    public async Task A_null_result_is_still_an_answer()
    {
        var methods = new MethodTable();
        methods.OnRequest<string?>("nothing", TestJson.Default.String!, _ => Task.FromResult<string?>(null));
        var client = new TestClient(methods);

        await client.SendAsync(Request("1", "nothing"));

        Assert.Equal("""{"jsonrpc":"2.0","id":1,"result":null}""", (await client.ReceiveAsync())!.Value.GetRawText());
    }

    [Fact]
    public async Task Handlers_begin_in_order_of_arrival_and_hold_the_turn_up_to_their_first_wait()
    {
        List<string> log = [];
        var gate = new TaskCompletionSource();
        var methods = new MethodTable();
        methods.OnNotification("note", TestJson.Default.Word, word => log.Add(word.Text));
        methods.OnRequest("ask", TestJson.Default.Word, TestJson.Default.String, async (word, _) =>
        {
            log.Add(word.Text);
            await gate.Task;
            return word.Text;
        });
        var client = new TestClient(methods);

        await client.SendAsync(
            Notification("note", """{"text":"1"}"""),
            Request("2", "ask", """{"text":"2"}"""),
            Notification("note", """{"text":"3"}"""),
            Request("4", "ask", """{"text":"4"}"""),
            Request("5", "unknown"));

        Assert.Equal("5", (await client.ReceiveAsync())!.Value.Id());
        Assert.Equal(["1", "2", "3", "4"], log);
        gate.SetResult();
        Assert.Equal(["2", "4"], (await Codes(client, 2)).Keys.Order());
    }

    [Fact]
    public async Task Errors_answer_with_their_codes()
    {
        var methods = Echo();
        methods.OnRequest("refuse", TestJson.Default.String, _ => throw new RpcException(RpcErrorCodes.ContentModified, "too late"));
        methods.OnRequest("stop", TestJson.Default.String, _ => throw new OperationCanceledException());
        methods.OnRequest<string>("break", TestJson.Default.String, async _ =>
        {
            await Task.Yield();
            throw new InvalidOperationException("secret");
        });
        var client = new TestClient(methods);

        await client.SendAsync(Request("1", "refuse"), Request("2", "stop"), Request("3", "unknown"), Request("4", "$/unknown"), Request("5", "break"));

        var codes = await Codes(client, 5);
        Assert.Equal(RpcErrorCodes.ContentModified, codes["1"]);
        Assert.Equal(RpcErrorCodes.RequestCancelled, codes["2"]);
        Assert.Equal(RpcErrorCodes.MethodNotFound, codes["3"]);
        Assert.Equal(RpcErrorCodes.MethodNotFound, codes["4"]);
        Assert.Equal(RpcErrorCodes.InternalError, codes["5"]);
    }

    [Theory]
    [InlineData("{}", "text")]
    [InlineData("""{"text":null}""", "text")]
    [InlineData("""{"text":1}""", "text")]
    [InlineData("null", "missing")]
    [InlineData("[]", "echo")]
    [InlineData("3", "echo")]
    public async Task Bad_parameters_are_named_in_the_error(string parameters, string named)
    {
        var client = new TestClient(Echo());

        await client.SendAsync(Request("1", "echo", parameters));

        var answer = (await client.ReceiveAsync())!.Value;
        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
        Assert.Contains(named, answer.ErrorMessage(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", RpcErrorCodes.ParseError, "null")]
    [InlineData("", RpcErrorCodes.ParseError, "null")]
    [InlineData("{} {}", RpcErrorCodes.ParseError, "null")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"\x"}}""", RpcErrorCodes.ParseError, "null")]
    [InlineData("[]", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"echo"}]""", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("7", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("{}", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", RpcErrorCodes.InvalidRequest, "1")]
    [InlineData("""{"id":1,"method":"echo"}""", RpcErrorCodes.InvalidRequest, "1")]
    [InlineData("""{"jsonrpc":"1.0","id":"a","method":"echo"}""", RpcErrorCodes.InvalidRequest, "\"a\"")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""", RpcErrorCodes.InvalidRequest, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"echo"}""", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"echo"}""", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("""{"jsonrpc":"2.0","id":{"id":2},"method":"echo"}""", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"echo"}""", RpcErrorCodes.InvalidRequest, "null")]
    [InlineData("""{"jsonrpc":"\ud800","id":1,"method":"echo"}""", RpcErrorCodes.InvalidRequest, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"\ud800":"echo"}""", RpcErrorCodes.InvalidRequest, "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":3}""", RpcErrorCodes.InvalidRequest, "1")]
    public async Task What_is_no_message_is_refused_and_the_connection_lives(string body, int code, string id)
    {
        var client = new TestClient(Echo());

        await client.SendAsync(body, Request("9", "echo", """{"text":"alive"}"""));

        var refusal = (await client.ReceiveAsync())!.Value;
        Assert.Equal((code, id), (refusal.ErrorCode(), refusal.Id()));
        Assert.Equal("alive", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task Members_may_come_in_any_order_and_escaped()
    {
        var client = new TestClient(Echo());

        await client.SendAsync("""{"params":{"text":"a"},"extra":[{}],"m\u0065thod":"echo","id":1,"jsonrpc":"2.0"}""");

        Assert.Equal("a", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task Nesting_of_any_depth_is_refused_without_overflowing_the_stack()
    {
        var client = new TestClient(Echo());
        var deep = new string('[', 500_000);

        await client.SendAsync(deep, Request("1", "echo", deep + new string(']', 500_000)), Request("2", "echo", """{"text":"alive"}"""));

        Assert.Equal(RpcErrorCodes.ParseError, (await client.ReceiveAsync())!.Value.ErrorCode());
        Assert.Equal(RpcErrorCodes.InvalidParams, (await client.ReceiveAsync())!.Value.ErrorCode());
        Assert.Equal("alive", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task A_body_over_the_limit_is_answered_under_its_id()
    {
        var client = new TestClient(Echo(), new MessageLimits { BodyBytes = 1000 });

        await client.SendAsync(Request("1", "echo", $$"""{"text":"{{new string('x', 5000)}}"}"""), Request("2", "echo", """{"text":"alive"}"""));

        Assert.Equal(RpcErrorCodes.InvalidRequest, (await Codes(client, 1))["1"]);
        Assert.Equal("alive", (await client.ReceiveAsync())!.Value.Result());
    }

    [Fact]
    public async Task Admission_refuses_requests_and_drops_notifications()
    {
        List<string> notes = [];
        var methods = Echo();
        methods.OnNotification("note", TestJson.Default.Word, word => notes.Add(word.Text));
        methods.Admission = (method, isRequest) => method is "echo" or "note" ? new RpcError(RpcErrorCodes.ServerNotInitialized, "not yet") : null;
        var client = new TestClient(methods);

        await client.SendAsync(Notification("note", """{"text":"dropped"}"""), Request("1", "echo"), Request("2", "unknown"));

        var codes = await Codes(client, 2);
        Assert.Equal(RpcErrorCodes.ServerNotInitialized, codes["1"]);
        Assert.Equal(RpcErrorCodes.MethodNotFound, codes["2"]);
        Assert.Empty(notes);
    }

    [Fact]
    public async Task A_notification_without_effect_is_told_and_the_connection_lives()
    {
        List<string> failed = [];
        var methods = Echo();
        methods.OnNotification("note", TestJson.Default.Word, _ => throw new InvalidOperationException());
        methods.NotificationFailed = (method, error, parameters) => failed.Add($"{method} {error.Code} {Encoding.UTF8.GetString(parameters)}");
        var client = new TestClient(methods, new MessageLimits { BodyBytes = 100 });

        await client.SendAsync(
            Notification("note", """{"text":"a"}"""),
            Notification("note", """{"text":5}"""),
            Notification("note", $$"""{"text":"{{new string('x', 200)}}"}"""),
            Notification("$/unknown", "{}"),
            Notification("unknown", "{}"),
            Request("1", "echo", """{"text":"alive"}"""));

        Assert.Equal(RpcErrorCodes.InvalidRequest, (await client.ReceiveAsync())!.Value.ErrorCode());
        Assert.Equal("alive", (await client.ReceiveAsync())!.Value.Result());
        Assert.Equal(["note -32603 {\"text\":\"a\"}", "note -32602 {\"text\":5}", "note -32600 "], failed);
    }

    [Fact]
    public async Task Counters_tell_requests_from_their_answers_and_from_faults()
    {
        var client = new TestClient(Echo());
        await client.SendAsync(Request("1", "echo", """{"text":"a"}"""), Request("2", "unknown"), Notification("unknown", "{}"), "[]");

        await client.ReceiveAllAsync();

        var counters = client.Connection.Counters;
        Assert.Equal((2, 2, 1, 1), (counters.RequestsReceived, counters.RequestsAnswered, counters.NotificationsReceived, counters.Faults));
    }

    private static MethodTable Echo()
    {
        var methods = new MethodTable();
        methods.OnRequest("echo", TestJson.Default.Word, TestJson.Default.String, (word, _) => Task.FromResult(word.Text));
        return methods;
    }

    private static async Task<Dictionary<string, int?>> Codes(TestClient client, int count)
    {
        Dictionary<string, int?> codes = [];
        for (var i = 0; i < count; i++)
        {
            var answer = (await client.ReceiveAsync())!.Value;
            codes.Add(answer.Id(), answer.ErrorCode());
        }

        return codes;
    }
}
