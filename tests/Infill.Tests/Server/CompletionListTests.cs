using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Infill.Protocol.JsonRpc;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>textDocument/completion, for clients without inline completion.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class CompletionListTests
{
    private const string Plain = """{"capabilities":{"textDocument":{"completion":{}}}}""";
    private const string Inline = """{"capabilities":{"textDocument":{"completion":{},"inlineCompletion":{}}}}""";

    private readonly ScriptedModel _model = new() { Rule = ScriptedModel.Says("nt(x)\n  .print(y)\n") };

    [Theory]
    [InlineData(Plain, true)]
    [InlineData(Inline, false)]
    public async Task It_is_offered_to_clients_without_inline_completion_alone(string client, bool isOffered)
    {
        await using var editor = new TestEditor(() => new ScriptedWeights(_model));

        var answer = await editor.AskAsync("initialize", client);

        Assert.Equal(isOffered, answer.GetProperty("result").GetProperty("capabilities").TryGetProperty("completionProvider", out _));
    }

    [Fact]
    public async Task The_suggestion_is_one_item_that_replaces_the_word_before_the_cursor()
    {
        await using var editor = await TestEditor.StartAsync(_model, Plain);
        await editor.OpenAsync("x = pri");

        var list = (await CompleteAsync(editor, 0, 7)).GetProperty("result");

        var item = Assert.Single(list.GetProperty("items").EnumerateArray());
        var edit = item.GetProperty("textEdit");
        Assert.Equal("print(x)\n  .print(y)", edit.GetProperty("newText").GetString());
        Assert.Equal("""{"start":{"line":0,"character":4},"end":{"line":0,"character":7}}""", edit.GetProperty("range").GetRawText());
        Assert.Equal("print(x)…", item.GetProperty("label").GetString());
        Assert.StartsWith("pri", item.GetProperty("filterText").GetString(), StringComparison.Ordinal);
        Assert.True(list.GetProperty("isIncomplete").GetBoolean());
    }

    [Fact]
    public async Task The_place_after_the_line_is_the_line_s_end()
    {
        await using var editor = await TestEditor.StartAsync(_model, Plain);
        await editor.OpenAsync("x = pri");

        var list = (await CompleteAsync(editor, 0, 99)).GetProperty("result");

        Assert.Equal(
            """{"line":0,"character":7}""",
            list.GetProperty("items")[0].GetProperty("textEdit").GetProperty("range").GetProperty("end").GetRawText());
    }

    [Fact]
    public async Task Switched_off_it_lists_nothing_since_typing_counts_as_invoked_here()
    {
        await using var editor = await TestEditor.StartAsync(
            _model, Plain, new EditorOptions { OwnLayers = [new SettingsLayer { Enabled = false }] });
        await editor.OpenAsync("x = pri");

        var list = (await CompleteAsync(editor, 0, 7)).GetProperty("result");

        Assert.Empty(list.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task An_edit_ends_it()
    {
        var model = new ScriptedModel();
        var gate = model.HoldStep(1);
        await using var editor = await TestEditor.StartAsync(model, Plain);
        await editor.OpenAsync("x = pri");
        var request = await BeginAsync(editor, 0, 7);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 7, "n");

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
    }

    [Fact]
    public async Task Nothing_to_suggest_is_an_empty_list()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("") }, Plain);
        await editor.OpenAsync("x = pri");

        var answer = await CompleteAsync(editor, 0, 7);

        Assert.Equal("""{"isIncomplete":true,"items":[]}""", answer.GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task A_document_that_is_not_open_is_refused()
    {
        await using var editor = await TestEditor.StartAsync(_model, Plain);

        var answer = await CompleteAsync(editor, 0, 0);

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
    }

    private static async Task<JsonElement> CompleteAsync(TestEditor editor, int line, int character) => await (await BeginAsync(editor, line, character)).Answer;

    private static Task<PendingAnswer> BeginAsync(TestEditor editor, int line, int character) => editor.BeginAsync("textDocument/completion", $$"""
        {"textDocument":{"uri":"{{TestEditor.Uri}}"},"position":{"line":{{line}},"character":{{character}}},"context":{"triggerKind":1} }
        """);
}
