namespace Infill.Tests.Scenarios;

/// <summary>A notebook in a test's editor: says what the official client says of it.</summary>
internal sealed class TestNotebook(TestEditor editor, string uri = TestNotebook.Uri)
{
    public const string Uri = "file:///no-such-folder/study.ipynb";

    /// <summary>The URI of a cell.</summary>
    public static string Cell(int number) => $"vscode-notebook-cell:/no-such-folder/study.ipynb#{number}";

    /// <summary>Opens it with these cells, numbered from 0; a text that begins with <c>md:</c> is a markdown cell's, with <c>sql:</c> one in SQL.</summary>
    public Task OpenAsync(params string[] cells) => editor.NotifyAsync("notebookDocument/didOpen", $$"""
        {"notebookDocument":{"uri":{{TestEditor.Json(uri)}},"notebookType":"jupyter-notebook","version":1,"cells":[{{string.Join(',', cells.Select((text, number) => Placed(number, text)))}}]},
        "cellTextDocuments":[{{string.Join(',', cells.Select((text, number) => Document(number, text)))}}]}
        """);

    /// <summary>Types text at a place of a cell.</summary>
    public Task TypeAsync(int cell, int version, int line, int character, string text) => EditAsync(
        cell, version, $$"""{"range":{"start":{"line":{{line}},"character":{{character}}},"end":{"line":{{line}},"character":{{character}} } },"text":{{TestEditor.Json(text)}}}""");

    public Task EditAsync(int cell, int version, string changes) => ChangeAsync(
        $$"""{"cells":{"textContent":[{"document":{"uri":"{{Cell(cell)}}","version":{{version}}},"changes":[{{changes}}]}]} }""");

    /// <summary>Cells go, and others come in their place; those with a text are opened.</summary>
    public Task SpliceAsync(int start, int deleteCount, (int Number, string? Text)[] cells, params int[] closed) => ChangeAsync($$"""
        {"cells":{"structure":{"array":{"start":{{start}},"deleteCount":{{deleteCount}},"cells":[{{string.Join(',', cells.Select(cell => Placed(cell.Number, cell.Text ?? "")))}}]},
        "didOpen":[{{string.Join(',', cells.Where(cell => cell.Text is not null).Select(cell => Document(cell.Number, cell.Text!)))}}],
        "didClose":[{{string.Join(',', closed.Select(number => $$"""{"uri":"{{Cell(number)}}"}"""))}}]} } }
        """);

    public Task ChangeAsync(string change) => editor.NotifyAsync(
        "notebookDocument/didChange", $$"""{"notebookDocument":{"uri":{{TestEditor.Json(uri)}},"version":1},"change":{{change}}}""");

    public Task CloseAsync() => editor.NotifyAsync("notebookDocument/didClose", $$"""{"notebookDocument":{"uri":{{TestEditor.Json(uri)}}},"cellTextDocuments":[]}""");

    private static string Placed(int number, string text) => $$"""{"kind":{{(text.StartsWith("md:", StringComparison.Ordinal) ? 1 : 2)}},"document":"{{Cell(number)}}"}""";

    private static string Document(int number, string text)
    {
        var colon = text.StartsWith("md:", StringComparison.Ordinal) || text.StartsWith("sql:", StringComparison.Ordinal) ? text.IndexOf(':', StringComparison.Ordinal) : -1;
        var language = colon < 0 ? "python" : text[..colon] == "md" ? "markdown" : "sql";
        return $$"""{"uri":"{{Cell(number)}}","languageId":"{{language}}","version":1,"text":{{TestEditor.Json(text[(colon + 1)..])}}}""";
    }
}
