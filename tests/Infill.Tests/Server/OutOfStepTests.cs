using System.Diagnostics.CodeAnalysis;
using System.Text;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>An edit that can't be applied: better no suggestion than one for the wrong text.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class OutOfStepTests
{
    private const string BadRange = """{"range":{"start":{"line":9,"character":0},"end":{"line":9,"character":0}},"text":"b"}""";

    private readonly ScriptedModel _model = new() { Rule = ScriptedModel.Says("hello") };

    public static TheoryData<string> Unreadable =>
    [
        "{}",
        """{"range":{"start":{"line":-1,"character":0},"end":{"line":0,"character":0}},"text":"b"}""",
        """{"range":{"start":{"line":0.5,"character":0},"end":{"line":0,"character":0}},"text":"b"}""",
        """{"text":null}""",
        "7",
        """{"range":{"start":{"line":99999999999,"character":0},"end":{"line":0,"character":0}},"text":"b"}""",
    ];

    [Fact]
    public async Task A_document_out_of_step_gets_empty_lists_and_one_line_in_the_log()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");

        await editor.ChangeAsync(2, BadRange);
        await editor.ChangeAsync(3, BadRange);

        Assert.Empty((await editor.InlineAsync(0, 4)).Items());
        Assert.Empty((await editor.InlineAsync(400, 4)).Items());
        Assert.Contains(TestEditor.Uri, Assert.Single(editor.Warnings()), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Unreadable))]
    public async Task An_edit_that_cannot_even_be_read_is_said_once_too(string change)
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");

        await editor.ChangeAsync(2, change);
        await editor.ChangeAsync(3, change);

        Assert.Empty((await editor.InlineAsync(0, 4)).Items());
        Assert.Contains(TestEditor.Uri, Assert.Single(editor.Warnings()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Versions_out_of_order_put_a_document_out_of_step()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ", version: 5);

        await editor.TypeAsync(5, 0, 4, "b");

        Assert.Empty((await editor.InlineAsync(0, 4)).Items());
    }

    [Fact]
    public async Task An_edit_of_which_only_the_method_is_known_may_have_been_of_any_document()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        const string Edit = """{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///work/a.py","version":2},"contentChanges":[{"text":""}]}}""";

        // Skipped for its encoding, as one would be that is too long.
        await editor.SendBytesAsync(Encoding.UTF8.GetBytes($"Content-Length: {Edit.Length}\r\nContent-Type: application/vscode-jsonrpc; charset=latin1\r\n\r\n{Edit}"));

        Assert.Empty((await editor.InlineAsync(0, 4)).Items());
        Assert.Contains(TestEditor.Uri, Assert.Single(editor.Warnings()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_documents_go_on()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        await editor.OpenAsync("b = ", "file:///work/b.py");

        await editor.ChangeAsync(2, BadRange);

        Assert.Equal(["hello"], (await editor.InlineAsync(0, 4, uri: "file:///work/b.py")).Texts());
    }

    [Fact]
    public async Task The_full_text_brings_the_document_back()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        await editor.ChangeAsync(2, BadRange);

        await editor.ChangeAsync(3, """{"text":"c = "}""");

        Assert.Equal(["hello"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task Opening_again_brings_the_document_back()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        await editor.ChangeAsync(2, BadRange);

        await editor.OpenAsync("c = ", version: 1);

        Assert.Equal(["hello"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task A_change_of_a_document_that_is_not_open_is_said_once()
    {
        await using var editor = await TestEditor.StartAsync(_model);

        await editor.TypeAsync(2, 0, 0, "b");
        await editor.TypeAsync(3, 0, 0, "b");

        await editor.BarrierAsync();
        Assert.Contains("not open", Assert.Single(editor.Warnings()), StringComparison.Ordinal);
    }
}
