using System.Text.Json;
using Infill.Protocol.JsonRpc;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

public sealed class InlineCompletionTests
{
    private const string Token = """ "partialResultToken":"p" """;
    private const string Growing = """{"capabilities":{},"initializationOptions":{"infill":{"snapshots":"growing"}}}""";

    private readonly PromptLog _log = new();

    [Fact]
    public async Task An_item_starts_at_the_cursor_and_says_when_it_is_accepted()
    {
        await using var editor = await StartAsync("return a + b");
        await editor.OpenAsync("def add(a, b):\n    \n");

        var item = Assert.Single((await editor.InlineAsync(1, 4)).Items());

        Assert.Equal("return a + b", item.GetProperty("insertText").GetString());
        Assert.Equal("""{"start":{"line":1,"character":4},"end":{"line":1,"character":4}}""", item.GetProperty("range").GetRawText());
        Assert.Equal("infill.accepted", item.GetProperty("command").GetProperty("command").GetString());
    }

    [Fact]
    public async Task Each_suggestion_has_an_id_of_its_own()
    {
        await using var editor = await StartAsync("b");
        await editor.OpenAsync("a = ");

        var first = Id((await editor.InlineAsync(0, 4)).Items()[0]);
        var second = Id((await editor.InlineAsync(0, 4)).Items()[0]);

        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Nothing_to_suggest_is_an_empty_list_and_never_null()
    {
        await using var editor = await StartAsync("");
        await editor.OpenAsync("a = 1");

        var answer = await editor.InlineAsync(0, 5);

        Assert.Equal("""{"items":[]}""", answer.GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task An_empty_document_can_be_completed()
    {
        await using var editor = await StartAsync("import os");
        await editor.OpenAsync("");

        Assert.Equal(["import os"], (await editor.InlineAsync(0, 0)).Texts());
    }

    [Fact]
    public async Task A_plain_client_with_a_token_gets_the_finished_item_once_and_an_empty_answer()
    {
        await using var editor = await StartAsync("one\n two\n");
        await editor.OpenAsync("a = ");

        var answer = await editor.InlineAsync(0, 4, Token);

        Assert.Empty(answer.Items());
        var partial = Assert.Single(editor.Received("$/progress"));
        Assert.Equal("p", partial.GetProperty("token").GetString());
        Assert.Equal("one\n two", Assert.Single(partial.GetProperty("value").EnumerateArray()).GetProperty("insertText").GetString());
    }

    [Fact]
    public async Task A_token_may_be_a_number()
    {
        await using var editor = await StartAsync("one");
        await editor.OpenAsync("a = ");

        await editor.InlineAsync(0, 4, """ "partialResultToken":7 """);

        Assert.Equal(7, Assert.Single(editor.Received("$/progress")).GetProperty("token").GetInt32());
    }

    [Fact]
    public async Task Nothing_to_suggest_sends_no_partial_result()
    {
        await using var editor = await StartAsync("");
        await editor.OpenAsync("a = ");

        var answer = await editor.InlineAsync(0, 4, Token);

        Assert.Empty(answer.Items());
        Assert.Empty(editor.Received("$/progress"));
    }

    [Fact]
    public async Task Snapshots_grow_under_one_id_and_none_takes_anything_back()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("one = 1\ntwo = 2\nthree = 3\n") };
        var second = model.HoldStep(2);
        await using var editor = await TestEditor.StartAsync(model, Growing);
        await editor.OpenAsync("");
        var request = await editor.BeginInlineAsync(0, 0, Token);
        await editor.ReceiveAsync("$/progress");
        second.Open();

        var answer = await request.Answer;

        Assert.Empty(answer.Items());
        var items = editor.Received("$/progress").ConvertAll(static partial => Assert.Single(partial.GetProperty("value").EnumerateArray()));
        var texts = items.ConvertAll(static item => item.GetProperty("insertText").GetString()!);
        Assert.True(texts.Count > 1);
        for (var i = 1; i < texts.Count; i++) Assert.StartsWith(texts[i - 1], texts[i], StringComparison.Ordinal);
        Assert.Equal("one = 1\ntwo = 2\nthree = 3", texts[^1]);
        Assert.Single(items.Select(Id).Distinct());
    }

    [Fact]
    public async Task The_first_snapshot_comes_while_the_rest_is_still_being_made()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("word") };
        var second = model.HoldStep(2);
        await using var editor = await TestEditor.StartAsync(model, Growing);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4, Token);
        await second.Reached;

        var snapshot = await editor.ReceiveAsync("$/progress");

        Assert.Equal("w", snapshot.GetProperty("value")[0].GetProperty("insertText").GetString());
        second.Open();
        await request.Answer;
    }

    [Fact]
    public async Task Snapshots_within_30_ms_are_one()
    {
        var time = new ManualTime(); // it stands still, so all but the first and the last come too soon
        var model = new ScriptedModel { Rule = ScriptedModel.Says("a long line of text") };
        var second = model.HoldStep(2);
        await using var editor = await TestEditor.StartAsync(model, Growing, new EditorOptions { Time = time });
        await editor.OpenAsync("x = ");
        var request = await editor.BeginInlineAsync(0, 4, Token);
        await editor.ReceiveAsync("$/progress");

        second.Open();

        await request.Answer;
        Assert.Equal(
            ["a", "a long line of text"],
            editor.Received("$/progress").Select(static partial => partial.GetProperty("value")[0].GetProperty("insertText").GetString()!));
    }

    [Fact]
    public async Task A_request_sees_the_text_of_its_turn_and_not_of_a_later_edit()
    {
        var loading = new Gate();
        await using var editor = await TestEditor.StartAsync(() =>
        {
            loading.Pass();
            return new ScriptedWeights(new ScriptedModel { Rule = _log.Before(ScriptedModel.Says("b")) });
        });
        await editor.OpenAsync("one", "file:///1.py");
        await editor.OpenAsync("two", "file:///2.py");
        var first = await editor.BeginInlineAsync(0, 3, uri: "file:///1.py");
        await editor.TypeAsync(2, 0, 3, "!", "file:///2.py");
        var second = await editor.BeginInlineAsync(0, 4, uri: "file:///2.py");

        loading.Open();

        await Task.WhenAll(first.Answer, second.Answer);
        Assert.Equal(["one‸", "two!‸"], _log.Prompts.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_document_that_is_not_open_is_refused()
    {
        await using var editor = await StartAsync("b");

        var answer = await editor.InlineAsync(0, 0);

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
        Assert.Contains(TestEditor.Uri, answer.ErrorMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_document_is_refused()
    {
        await using var editor = await StartAsync("b");
        await editor.OpenAsync("a");
        await editor.CloseAsync();

        var answer = await editor.InlineAsync(0, 0);

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2147483647, 2147483647)]
    public async Task A_position_outside_the_document_is_refused(int line, int character)
    {
        await using var editor = await StartAsync("b");
        await editor.OpenAsync("a");

        var answer = await editor.InlineAsync(line, character);

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
    }

    [Fact]
    public async Task A_suggestion_continues_what_the_list_would_insert()
    {
        await using var editor = await StartAsync("(x)");
        await editor.OpenAsync("y = pri\nz = 2\n");

        var answer = await editor.InlineAsync(0, 7, context: """
            "selectedCompletionInfo":{"range":{"start":{"line":0,"character":4},"end":{"line":0,"character":7}},"text":"print"}
            """);

        var item = Assert.Single(answer.Items());
        Assert.Equal("print(x)", item.GetProperty("insertText").GetString());
        Assert.Equal("""{"start":{"line":0,"character":4},"end":{"line":0,"character":7}}""", item.GetProperty("range").GetRawText());
        Assert.Equal("y = print‸\nz = 2\n", Assert.Single(_log.Prompts));
    }

    [Theory]
    [InlineData("""{"start":{"line":0,"character":3},"end":{"line":0,"character":1}}""")]
    [InlineData("""{"start":{"line":0,"character":1},"end":{"line":9,"character":1}}""")]
    public async Task A_selected_entry_with_an_impossible_range_is_refused(string range)
    {
        await using var editor = await StartAsync("b");
        await editor.OpenAsync("abcdef");

        var answer = await editor.InlineAsync(0, 3, context: $$"""
            "selectedCompletionInfo":{"range":{{range}},"text":"x"}
            """);

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
    }

    [Fact]
    public async Task A_document_with_CRLF_gets_CRLF_and_the_model_sees_LF()
    {
        await using var editor = await StartAsync("one = 1\ntwo = 2\n");
        await editor.OpenAsync("# a\r\n# b\r\n");

        var answer = await editor.InlineAsync(2, 0);

        Assert.Equal(["one = 1\r\ntwo = 2"], answer.Texts());
        Assert.Equal("# a\n# b\n‸", Assert.Single(_log.Prompts));
    }

    [Theory]
    [InlineData("file:///work/src/a%20b.py", "src/a b.py")]
    [InlineData("file:///elsewhere/c.py", "c.py")]
    [InlineData("file:///workspace/d.py", "d.py")]
    [InlineData("untitled:Untitled-1", "untitled:Untitled-1")]
    public async Task The_model_is_told_the_file_s_name_within_its_folder(string uri, string path)
    {
        await using var editor = await StartAsync(
            "b", """{"capabilities":{},"workspaceFolders":[{"uri":"file:///work","name":"work"}]}""");
        await editor.OpenAsync("a = ", uri);

        await editor.InlineAsync(0, 4, uri: uri);

        Assert.Equal(path, Assert.Single(_log.Paths));
    }

    [Fact]
    public async Task Folders_come_and_go()
    {
        await using var editor = await StartAsync("b");
        await editor.OpenAsync("a = ");
        await editor.NotifyAsync(
            "workspace/didChangeWorkspaceFolders", """{"event":{"added":[{"uri":"file:///","name":"root"}],"removed":[]}}""");

        await editor.InlineAsync(0, 4);

        Assert.Equal("work/a.py", Assert.Single(_log.Paths));
    }

    private static string Id(JsonElement item) => item.GetProperty("command").GetProperty("arguments")[0].GetString()!;

    private Task<TestEditor> StartAsync(string says, string initialization = """{"capabilities":{}}""") =>
        TestEditor.StartAsync(new ScriptedModel { Rule = _log.Before(ScriptedModel.Says(says)) }, initialization);
}
