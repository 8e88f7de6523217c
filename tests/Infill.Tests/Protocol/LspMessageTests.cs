using System.Text;
using System.Text.Json;
using Infill.Protocol.Lsp;

namespace Infill.Tests.Protocol;

public sealed class LspMessageTests
{
    private static readonly ProtocolJsonContext s_json = ProtocolJsonContext.Default;

    [Fact]
    public void An_inline_completion_request_reads()
    {
        var request = JsonSerializer.Deserialize(
            """
            {"textDocument":{"uri":"file:///a.cs"},"position":{"line":3,"character":14},"partialResultToken":"p","workDoneToken":7,"later":{},
             "context":{"triggerKind":2,"selectedCompletionInfo":{"range":{"start":{"line":3,"character":10},"end":{"line":3,"character":14}},"text":"Console"}}}
            """,
            s_json.InlineCompletionParams)!;

        Assert.Equal(new Position(3, 14), request.Position);
        Assert.Equal(InlineCompletionTriggerKind.Automatic, request.Context.TriggerKind);
        Assert.Equal(new LspRange(new Position(3, 10), new Position(3, 14)), request.Context.SelectedCompletionInfo!.Range);
        Assert.Equal((new ProgressToken("p"), new ProgressToken(7)), (request.PartialResultToken, request.WorkDoneToken));
    }

    [Theory]
    [InlineData("""{"textDocument":{"uri":"a"},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":null,"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":1},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":-1,"character":0},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":1.5,"character":0},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":"1","character":0},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":2147483648,"character":0},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":null},"position":{"line":1,"character":0},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":null,"position":{"line":1,"character":0},"context":{"triggerKind":1}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":1,"character":0},"context":{}}""")]
    [InlineData("""{"textDocument":{"uri":"a"},"position":{"line":1,"character":0},"context":{"triggerKind":1},"workDoneToken":true}""")]
    public void What_lacks_a_required_member_or_has_a_wrong_one_is_an_error(string json)
    {
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, s_json.InlineCompletionParams));
    }

    [Fact]
    public void An_initialize_request_may_leave_out_almost_everything()
    {
        var request = JsonSerializer.Deserialize("""{"capabilities":{},"clientInfo":null}""", s_json.InitializeParams)!;

        Assert.Null(request.ProcessId);
    }

    [Fact]
    public void Absent_members_are_not_written()
    {
        var result = new InitializeResult(
            new ServerCapabilities(PositionEncodingKind.Utf8, new TextDocumentSyncOptions(true, TextDocumentSyncKind.Incremental), InlineCompletionProvider: new()),
            new ServerInfo("infill"));

        Assert.Equal(
            """{"capabilities":{"positionEncoding":"utf-8","textDocumentSync":{"openClose":true,"change":2},"inlineCompletionProvider":{}},"serverInfo":{"name":"infill"}}""",
            JsonSerializer.Serialize(result, s_json.InitializeResult));
    }

    [Fact]
    public void Progress_carries_items()
    {
        var progress = new ProgressParams<IReadOnlyList<InlineCompletionItem>>(
            new ProgressToken("p"),
            [new InlineCompletionItem("x", Command: new Command("Accepted", "infill.accepted", [JsonSerializer.SerializeToElement("id", s_json.String)]))]);

        Assert.Equal(
            """{"token":"p","value":[{"insertText":"x","command":{"title":"Accepted","command":"infill.accepted","arguments":["id"]}}]}""",
            JsonSerializer.Serialize(progress, s_json.InlineCompletionProgress));
    }

    [Theory]
    [InlineData("""a\ud800b""", "a\uFFFDb")]
    [InlineData("""\udc00\n\t\"\\\/\u00e9é\ud83d\ude00\ud83d""", "\uFFFD\n\t\"\\/éé😀\uFFFD")]
    [InlineData("""\ud83d\ude00""", "😀")]
    public void Half_a_surrogate_pair_does_not_cost_the_document(string escaped, string expected)
    {
        var change = JsonSerializer.Deserialize($$"""{"text":"{{escaped}}"}""", s_json.TextDocumentContentChangeEvent)!;

        Assert.Equal(expected, change.Text);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_do_not_cost_the_document()
    {
        byte[] json = [.. "{\"text\":\"a"u8, 0xFF, .. "b\"}"u8];

        var change = JsonSerializer.Deserialize(json, s_json.TextDocumentContentChangeEvent)!;

        Assert.Equal("a\uFFFDb", change.Text);
    }

    [Fact]
    public void Notebook_changes_read()
    {
        var change = JsonSerializer.Deserialize(
            """
            {"notebookDocument":{"uri":"n","version":2},"change":{"cells":{
              "structure":{"array":{"start":1,"deleteCount":0,"cells":[{"kind":2,"document":"c"}]},"didOpen":[{"uri":"c","languageId":"python","version":1,"text":"x"}]},
              "textContent":[{"document":{"uri":"c","version":2},"changes":[{"text":"y"}]}]}}}
            """,
            s_json.DidChangeNotebookDocumentParams)!.Change.Cells!;

        Assert.Equal("c", Assert.Single(change.Structure!.Array.Cells!).Document);
        Assert.Equal("x", Assert.Single(change.Structure.DidOpen!).Text);
        Assert.Equal("y", Assert.Single(Assert.Single(change.TextContent!).Changes).Text);
    }

    [Fact]
    public void Nesting_inside_a_members_value_is_limited()
    {
        var deep = new string('[', 1000) + new string(']', 1000);

        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(
            Encoding.UTF8.GetBytes($$"""{"capabilities":{},"initializationOptions":{{deep}}}"""), s_json.InitializeParams));
    }
}
