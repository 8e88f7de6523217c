using System.Diagnostics.CodeAnalysis;
using Infill.Protocol.JsonRpc;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>What ends a request early, and what it is answered.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class SupersessionTests
{
    private const string Neovim = """{"clientInfo":{"name":"Neovim","version":"0.12"},"capabilities":{}}""";
    private const string Other = """{"clientInfo":{"name":"Other"},"capabilities":{}}""";

    private readonly ScriptedModel _model = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_cancelled_request_is_answered_while_the_engine_is_inside_a_step(int step)
    {
        var gate = _model.HoldStep(step); // the first is prefill, the others decode
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.CancelAsync(request.Id);

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(RpcErrorCodes.RequestCancelled, answer.ErrorCode());
        await AssertQuietAsync(editor);
        Assert.True(_model.Steps <= step + 1);
    }

    [Fact]
    public async Task A_cancelled_request_sends_no_partial_result_any_more()
    {
        var gate = _model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4, """ "partialResultToken":1 """);
        await gate.Reached;

        await editor.CancelAsync(request.Id);

        await request.Answer; // before the model goes on
        gate.Open();
        await AssertQuietAsync(editor);
        Assert.Empty(editor.Received("$/progress"));
    }

    [Theory]
    [InlineData(Other, RpcErrorCodes.ContentModified)]
    [InlineData(Neovim, RpcErrorCodes.RequestCancelled)]
    public async Task An_edit_ends_the_requests_for_the_text_before_it(string client, int code)
    {
        var gate = _model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(_model, client);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 4, "b");

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(code, answer.ErrorCode());
        await AssertQuietAsync(editor);
    }

    [Theory]
    [InlineData(Other, RpcErrorCodes.ContentModified)]
    [InlineData(Neovim, RpcErrorCodes.RequestCancelled)]
    public async Task Closing_the_document_ends_its_requests(string client, int code)
    {
        var gate = _model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(_model, client);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.CloseAsync();

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(code, answer.ErrorCode());
    }

    [Fact]
    public async Task An_edit_ends_a_request_that_still_waits_for_the_model()
    {
        var loading = new Gate();
        await using var editor = await TestEditor.StartAsync(() =>
        {
            loading.Pass();
            return new ScriptedWeights(_model);
        });
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);

        await editor.TypeAsync(2, 0, 4, "b");

        var answer = await request.Answer;
        loading.Open();
        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
    }

    [Fact]
    public async Task An_edit_that_cannot_be_applied_ends_requests_too()
    {
        var gate = _model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.TypeAsync(2, 70, 0, "b");

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
    }

    [Fact]
    public async Task An_edit_of_another_document_ends_nothing()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("b") };
        var gate = model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(model);
        await editor.OpenAsync("a = ");
        await editor.OpenAsync("c = ", "file:///work/c.py");
        var request = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 4, "d", "file:///work/c.py");
        await editor.BarrierAsync();

        gate.Open();
        Assert.Equal(["b"], (await request.Answer).Texts());
    }

    [Fact]
    public async Task A_request_for_the_new_text_is_not_ended_with_those_for_the_old()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("c") };
        var gate = model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(model);
        await editor.OpenAsync("a = ");
        var old = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;
        await editor.TypeAsync(2, 0, 4, "b");

        var current = await editor.BeginInlineAsync(0, 5);

        await editor.BarrierAsync(); // the edit has been taken in
        gate.Open();
        Assert.Equal(RpcErrorCodes.ContentModified, (await old.Answer).ErrorCode());
        Assert.Equal(["c"], (await current.Answer).Texts());
    }

    private static async Task AssertQuietAsync(TestEditor editor)
    {
        await editor.BarrierAsync();
        Assert.Equal(0, await editor.Engine.InspectAsync(static loop => loop.Scheduler.Running.Count + loop.Scheduler.Waiting.Count));
    }
}
