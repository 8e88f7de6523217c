using System.Diagnostics.CodeAnalysis;
using Infill.Protocol.JsonRpc;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>A suggestion in a notebook's cell sees the cells around it, and cells are followed as documents are.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class NotebookTests
{
    private const string Initialization = """{"clientInfo":{"name":"Other"},"capabilities":{"textDocument":{"inlineCompletion":{}}}}""";
    private readonly PromptLog _log = new();
    private readonly ScriptedModel _model;

    public NotebookTests() => _model = new ScriptedModel { Rule = _log.Before(ScriptedModel.Says("total + 1")) };

    [Fact]
    public async Task The_cells_above_are_text_before_the_cursor_and_those_below_text_after_it()
    {
        await using var editor = await StartAsync();
        await new TestNotebook(editor).OpenAsync("import math", "b = \nc", "d = b");

        var answer = await AskAsync(editor, cell: 1, 0, 4);

        Assert.Equal(["total + 1"], answer.Texts());
        Assert.Equal(["import math\n\nb = ‸\nc\n\nd = b"], _log.Prompts);
    }

    [Fact]
    public async Task Positions_are_those_of_the_cell()
    {
        await using var editor = await StartAsync();
        await new TestNotebook(editor).OpenAsync("x = 1\ny = 2", "md:# 🙂", "s = '🙂'; b = ");

        var answer = await AskAsync(editor, cell: 2, 0, 14);

        var range = Assert.Single(answer.Items()).GetProperty("range");
        Assert.Equal("""{"line":0,"character":14}""", range.GetProperty("start").GetRawText());
        Assert.Equal("""{"line":0,"character":14}""", range.GetProperty("end").GetRawText());
        Assert.Equal(["x = 1\ny = 2\n\n# # 🙂\n\ns = '🙂'; b = ‸"], _log.Prompts);
    }

    [Fact]
    public async Task Markdown_and_other_languages_stand_as_comments()
    {
        await using var editor = await StartAsync();
        await new TestNotebook(editor).OpenAsync("md:## Totals\n\nof all", "sql:select 1", "b = ");

        await AskAsync(editor, cell: 2, 0, 4);

        Assert.Equal(["# ## Totals\n#\n# of all\n\n# select 1\n\nb = ‸"], _log.Prompts);
    }

    [Fact]
    public async Task A_cell_in_another_language_sees_its_like()
    {
        await using var editor = await StartAsync();
        await new TestNotebook(editor).OpenAsync("sql:create table t", "a = 1", "sql:select ");

        await AskAsync(editor, cell: 2, 0, 7);

        Assert.Equal(["create table t\n\n\n\nselect ‸"], _log.Prompts); // SQL's comments aren't known here: the others are left out
    }

    [Fact]
    public async Task The_model_is_told_of_a_script_and_not_of_a_notebook_file()
    {
        await using var editor = await StartAsync("""{"capabilities":{"textDocument":{"inlineCompletion":{}}},"workspaceFolders":[{"uri":"file:///no-such-folder","name":"n"}]}""");
        await new TestNotebook(editor).OpenAsync("b = ");

        await AskAsync(editor, cell: 0, 0, 4);

        Assert.EndsWith("study.py", Assert.Single(_log.Paths), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edit_is_seen_by_the_other_cells()
    {
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a = 1", "b = ", "c");
        await notebook.TypeAsync(0, 2, 0, 5, "\nx = 2");
        await notebook.TypeAsync(2, 2, 0, 1, "!");

        await AskAsync(editor, cell: 1, 0, 4);

        Assert.Equal(["a = 1\nx = 2\n\nb = ‸\n\nc!"], _log.Prompts);
    }

    [Fact]
    public async Task Cells_come_go_and_move_and_keep_their_texts()
    {
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ", "c");

        await notebook.SpliceAsync(1, 0, [(3, "new")]);
        await AskAsync(editor, cell: 1, 0, 4);
        await notebook.SpliceAsync(0, 3, [(3, null), (1, null), (0, null)]);
        await AskAsync(editor, cell: 1, 0, 4);
        await notebook.SpliceAsync(0, 1, [], closed: 3);
        await AskAsync(editor, cell: 1, 0, 4);

        Assert.Equal(["a\n\nnew\n\nb = ‸\n\nc", "new\n\nb = ‸\n\na\n\nc", "b = ‸\n\na\n\nc"], _log.Prompts);
        Assert.Equal(RpcErrorCodes.InvalidParams, (await AskAsync(editor, cell: 3, 0, 0)).ErrorCode());
    }

    [Fact]
    public async Task A_cell_that_changes_its_language_is_closed_and_opened_in_its_place()
    {
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("note", "b = ");

        await notebook.SpliceAsync(0, 1, [], closed: 0);
        await notebook.SpliceAsync(0, 0, [(0, "md:note")]);
        await AskAsync(editor, cell: 1, 0, 4);

        Assert.Equal(["# note\n\nb = ‸"], _log.Prompts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task An_edit_of_any_cell_ends_what_was_asked_for_the_text_before_it(int edited)
    {
        var gate = _model.HoldStep(1);
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ");
        var request = await BeginAsync(editor, cell: 1, 0, 4);
        await gate.Reached;

        await notebook.TypeAsync(edited, 2, 0, 1, "x");

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
    }

    [Fact]
    public async Task Running_a_cell_disturbs_nothing()
    {
        var gate = _model.HoldStep(1);
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ");
        var request = await BeginAsync(editor, cell: 1, 0, 4);
        await gate.Reached;

        await notebook.ChangeAsync($$"""{"metadata":{},"cells":{"data":[{"kind":2,"document":"{{TestNotebook.Cell(0)}}","executionSummary":{"executionOrder":1} }]} }""");
        await editor.BarrierAsync();
        gate.Open();

        Assert.Equal(["total + 1"], (await request.Answer).Texts());
    }

    [Fact]
    public async Task Closing_the_notebook_ends_what_was_asked_in_it()
    {
        var gate = _model.HoldStep(1);
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ");
        var request = await BeginAsync(editor, cell: 1, 0, 4);
        await gate.Reached;

        await notebook.CloseAsync();

        var answer = await request.Answer;
        gate.Open();
        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
        Assert.Equal(RpcErrorCodes.InvalidParams, (await AskAsync(editor, cell: 1, 0, 4)).ErrorCode());
    }

    [Fact]
    public async Task Typing_what_is_shown_in_a_cell_costs_no_step()
    {
        await using var editor = await StartAsync(options: new EditorOptions { IsTypingThrough = true, OwnLayers = [new SettingsLayer { LookAhead = false }] });
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a = 1", "b = ", "c");
        await AskAsync(editor, cell: 1, 0, 4);
        var steps = _model.Steps;

        await notebook.TypeAsync(1, 2, 0, 4, "tot");

        Assert.Equal(["al + 1"], (await AskAsync(editor, cell: 1, 0, 7)).Texts());
        Assert.Equal(steps, _model.Steps);
    }

    [Fact]
    public async Task A_selected_entry_of_the_menu_is_continued_in_a_cell()
    {
        await using var editor = await StartAsync();
        await new TestNotebook(editor).OpenAsync("import math", "x = ma", "end");

        var answer = await editor.InlineAsync(
            0, 6, uri: TestNotebook.Cell(1),
            context: """ "selectedCompletionInfo":{"range":{"start":{"line":0,"character":4},"end":{"line":0,"character":6}},"text":"math."} """);

        Assert.Equal(["math.total + 1"], answer.Texts());
        Assert.Equal(["import math\n\nx = math.‸\n\nend"], _log.Prompts);
    }

    [Fact]
    public async Task A_cell_whose_change_cannot_be_applied_is_out_of_step_and_the_others_go_on()
    {
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ");

        await notebook.TypeAsync(0, 2, 70, 0, "x");

        Assert.Empty((await AskAsync(editor, cell: 0, 0, 1)).Items());
        Assert.Equal(["total + 1"], (await AskAsync(editor, cell: 1, 0, 4)).Texts());
        Assert.Equal(["\n\nb = ‸"], _log.Prompts); // nobody sees a text that isn't known
        Assert.Contains(TestNotebook.Cell(0), Assert.Single(editor.Warnings()), StringComparison.Ordinal);

        await notebook.EditAsync(0, 3, """{"text":"whole"}""");
        await AskAsync(editor, cell: 1, 0, 4);
        Assert.Equal("whole\n\nb = ‸", _log.Prompts.Last());
    }

    [Theory]
    [InlineData("""{"cells":{"structure":{"array":{"start":3,"deleteCount":0}}}}""")]
    [InlineData("""{"cells":{"structure":{"array":{"start":1,"deleteCount":2147483647}}}}""")]
    [InlineData("""{"cells":{"structure":{"array":{"start":-1,"deleteCount":0}}}}""")]
    [InlineData("""{"cells":{"structure":{}}}""")]
    [InlineData("""{"cells":[]}""")]
    [InlineData("null")]
    public async Task A_notebook_whose_cells_are_unknown_gets_nothing_until_it_is_opened_again(string change)
    {
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ");

        await notebook.ChangeAsync(change);
        await notebook.ChangeAsync(change);

        Assert.Empty((await AskAsync(editor, cell: 1, 0, 4)).Items());
        Assert.Contains(TestNotebook.Uri, Assert.Single(editor.Warnings()), StringComparison.Ordinal);
        await notebook.OpenAsync("a", "b = ");
        Assert.Equal(["total + 1"], (await AskAsync(editor, cell: 1, 0, 4)).Texts());
    }

    [Fact]
    public async Task A_cell_without_a_text_counts_as_empty_and_gets_nothing()
    {
        await using var editor = await StartAsync();
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ");
        await notebook.ChangeAsync($$"""{"cells":{"structure":{"array":{"start":0,"deleteCount":0,"cells":[{"kind":2,"document":"{{TestNotebook.Cell(9)}}"}]} } } }""");

        await AskAsync(editor, cell: 1, 0, 4);

        Assert.Equal(["\n\na\n\nb = ‸"], _log.Prompts);
        Assert.Empty((await AskAsync(editor, cell: 9, 0, 0)).TryGetProperty("result", out var result) ? result.GetProperty("items").EnumerateArray() : []);
    }

    [Fact]
    public async Task An_open_notebook_is_context_for_other_files()
    {
        await using var editor = await TestEditor.StartAsync(
            new ScriptedModel(contextCells: 8192, contextTokens: 4096), Initialization,
            new EditorOptions { OwnLayers = [new SettingsLayer { ContextTokens = 1000, SequenceTokens = 4096 }] });
        await new TestNotebook(editor).OpenAsync("class Money:\n    def convert(self, rate):\n        return self.cents * rate");
        await editor.OpenAsync("price = Money(5)\nprice.", "file:///no-such-folder/main.py");
        await editor.BarrierAsync();
        await editor.Context.Index.Settled.WaitAsync(TestEditor.Limit);

        var result = (await editor.AskAsync("infill/explain", """{"textDocument":{"uri":"file:///no-such-folder/main.py"},"position":{"line":1,"character":6}}""")).GetProperty("result");

        Assert.Equal("study.py", result.GetProperty("parts")[0].GetProperty("path").GetString());
    }

    private Task<TestEditor> StartAsync(string initialization = Initialization, EditorOptions? options = null) => TestEditor.StartAsync(_model, initialization, options);

    private static Task<System.Text.Json.JsonElement> AskAsync(TestEditor editor, int cell, int line, int character) => editor.InlineAsync(line, character, uri: TestNotebook.Cell(cell));

    private static Task<PendingAnswer> BeginAsync(TestEditor editor, int cell, int line, int character) => editor.BeginInlineAsync(line, character, uri: TestNotebook.Cell(cell));
}
