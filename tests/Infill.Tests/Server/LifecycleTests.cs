using System.Diagnostics;
using Infill.Protocol.JsonRpc;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

public sealed class LifecycleTests
{
    private const string Client = """{"processId":null,"rootUri":null,"capabilities":{"textDocument":{"inlineCompletion":{}}}}""";

    private static ScriptedModel Model => new() { Rule = ScriptedModel.Says("hello") };

    [Fact]
    public async Task Initialize_is_answered_before_the_model_is_there()
    {
        var loading = new Gate();
        await using var editor = new TestEditor(() =>
        {
            loading.Pass();
            return new ScriptedWeights(Model);
        });

        var answer = await editor.AskAsync("initialize", Client);

        await editor.NotifyAsync("initialized", "{}");
        await loading.Reached;
        Assert.Equal("infill", answer.GetProperty("result").GetProperty("serverInfo").GetProperty("name").GetString());
        loading.Open();
    }

    [Fact]
    public async Task A_request_that_comes_while_the_model_loads_waits_for_it()
    {
        var loading = new Gate();
        await using var editor = await TestEditor.StartAsync(() =>
        {
            loading.Pass();
            return new ScriptedWeights(Model);
        });
        await editor.OpenAsync("x = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await loading.Reached;

        loading.Open();

        Assert.Equal(["hello"], (await request.Answer).Texts());
    }

    [Fact]
    public async Task The_answer_to_initialize_says_what_the_server_can_do()
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(Model));

        var capabilities = (await editor.AskAsync("initialize", Client)).GetProperty("result").GetProperty("capabilities");

        var sync = capabilities.GetProperty("textDocumentSync");
        Assert.True(sync.GetProperty("openClose").GetBoolean());
        Assert.Equal(2, sync.GetProperty("change").GetInt32());
        Assert.True(capabilities.TryGetProperty("inlineCompletionProvider", out _));
        Assert.Equal("infill.accepted", capabilities.GetProperty("executeCommandProvider").GetProperty("commands")[0].GetString());
    }

    [Theory]
    [InlineData("textDocument/inlineCompletion")]
    [InlineData("shutdown")]
    [InlineData("no/such/method")]
    public async Task A_request_before_initialize_is_refused(string method)
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(Model));

        var answer = await editor.AskAsync(method, "{}");

        Assert.Equal(RpcErrorCodes.ServerNotInitialized, answer.ErrorCode());
    }

    [Fact]
    public async Task A_document_opened_before_initialize_is_not_open()
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(Model));
        await editor.OpenAsync("x");
        await editor.AskAsync("initialize", Client);

        var answer = await editor.InlineAsync(0, 0);

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
    }

    [Fact]
    public async Task A_second_initialize_is_refused_and_the_session_goes_on()
    {
        await using var editor = await TestEditor.StartAsync(Model);

        var second = await editor.AskAsync("initialize", Client);

        Assert.Equal(RpcErrorCodes.InvalidRequest, second.ErrorCode());
        await editor.OpenAsync("x = ");
        Assert.Equal(["hello"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task An_initialize_that_cannot_be_read_may_be_sent_again()
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(Model));
        var unreadable = await editor.AskAsync("initialize", """{"capabilities":7}""");

        var answer = await editor.AskAsync("initialize", Client);

        Assert.Equal(RpcErrorCodes.InvalidParams, unreadable.ErrorCode());
        Assert.True(answer.TryGetProperty("result", out _));
    }

    [Theory]
    [InlineData("textDocument/inlineCompletion")]
    [InlineData("initialize")]
    [InlineData("shutdown")]
    public async Task A_request_after_shutdown_is_refused(string method)
    {
        await using var editor = await TestEditor.StartAsync(Model);
        await editor.AskAsync("shutdown");

        var answer = await editor.AskAsync(method, Client);

        Assert.Equal(RpcErrorCodes.InvalidRequest, answer.ErrorCode());
    }

    [Fact]
    public async Task Shutdown_is_answered_with_null()
    {
        await using var editor = await TestEditor.StartAsync(Model);

        var answer = await editor.AskAsync("shutdown");

        Assert.Equal("null", answer.GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task The_exit_code_is_0_after_shutdown()
    {
        await using var editor = await TestEditor.StartAsync(Model);
        await editor.AskAsync("shutdown");

        await editor.NotifyAsync("exit", "null");

        Assert.Equal(0, await editor.Running.WaitAsync(TestEditor.Limit));
    }

    [Fact]
    public async Task The_exit_code_is_1_without_shutdown()
    {
        await using var editor = await TestEditor.StartAsync(Model);

        await editor.NotifyAsync("exit", "{}");

        Assert.Equal(1, await editor.Running.WaitAsync(TestEditor.Limit));
    }

    [Fact]
    public async Task The_exit_code_is_1_where_exit_is_all_that_ever_comes()
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(Model));

        await editor.SendAsync("""{"jsonrpc":"2.0","method":"exit"}""");

        Assert.Equal(1, await editor.Running.WaitAsync(TestEditor.Limit));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task The_end_of_the_input_ends_the_server(bool isShutDown, int exitCode)
    {
        await using var editor = await TestEditor.StartAsync(Model);
        if (isShutDown) await editor.AskAsync("shutdown");

        Assert.Equal(exitCode, await editor.HangUpAsync());
    }

    [Fact]
    public async Task The_input_may_end_in_the_middle_of_a_message()
    {
        await using var editor = await TestEditor.StartAsync(Model);
        await editor.SendBytesAsync("Content-Length: 500\r\n\r\n{"u8.ToArray());

        Assert.Equal(1, await editor.HangUpAsync());
    }

    [Fact]
    public async Task A_request_that_runs_at_shutdown_still_gets_its_suggestion()
    {
        var model = Model;
        var step = model.HoldNextStep();
        await using var editor = await TestEditor.StartAsync(model);
        await editor.OpenAsync("x = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await step.Reached;

        await editor.AskAsync("shutdown");

        step.Open();
        Assert.Equal(["hello"], (await request.Answer).Texts());
    }

    [Fact]
    public async Task A_request_that_runs_at_exit_is_answered_before_the_server_ends()
    {
        var model = Model;
        var step = model.HoldNextStep();
        await using var editor = await TestEditor.StartAsync(model);
        await editor.OpenAsync("x = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await step.Reached;
        await editor.AskAsync("shutdown");

        await editor.NotifyAsync("exit", "{}");

        step.Open();
        await request.Answer;
        Assert.Equal(0, await editor.Running.WaitAsync(TestEditor.Limit));
        Assert.True(model.Disposed);
    }

    [Fact]
    public async Task The_server_ends_when_the_editor_has_vanished()
    {
        using var parent = Process.Start(new ProcessStartInfo("sleep", "60"))!;
        await using var editor = await TestEditor.StartAsync(Model, $$"""{"processId":{{parent.Id}},"capabilities":{} }""");
        await editor.BarrierAsync();
        Assert.False(editor.Running.IsCompleted);

        parent.Kill();

        Assert.Equal(1, await editor.Running.WaitAsync(TestEditor.Limit));
    }

    [Fact]
    public async Task An_editor_that_was_never_seen_is_in_another_container_and_is_served()
    {
        using var gone = Process.Start(new ProcessStartInfo("true"))!;
        await gone.WaitForExitAsync();
        await using var editor = await TestEditor.StartAsync(Model, $$"""{"processId":{{gone.Id}},"capabilities":{} }""");

        await editor.ReceiveAsync("window/logMessage", static log => log.GetProperty("message").GetString()!.Contains("can't be seen", StringComparison.Ordinal));

        await editor.OpenAsync("x = ");
        Assert.Equal(["hello"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task Initialized_sent_twice_starts_nothing_twice()
    {
        const string CanRegister = """{"capabilities":{"workspace":{"didChangeConfiguration":{"dynamicRegistration":true}}}}""";
        await using var editor = await TestEditor.StartAsync(Model, CanRegister);

        await editor.NotifyAsync("initialized", "{}");

        await editor.BarrierAsync();
        Assert.Single(editor.Received("client/registerCapability"));
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_refused_and_ours_is_taken()
    {
        await using var editor = await TestEditor.StartAsync(Model);

        var unknown = await editor.AskAsync("workspace/executeCommand", """{"command":"rm"}""");
        var ours = await editor.AskAsync("workspace/executeCommand", """{"command":"infill.accepted","arguments":["1"]}""");

        Assert.Equal(RpcErrorCodes.InvalidParams, unknown.ErrorCode());
        Assert.Equal("null", ours.GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task A_request_that_does_not_exist_is_refused()
    {
        await using var editor = await TestEditor.StartAsync(Model);

        var answer = await editor.AskAsync("textDocument/hover", "{}");

        Assert.Equal(RpcErrorCodes.MethodNotFound, answer.ErrorCode());
    }
}
