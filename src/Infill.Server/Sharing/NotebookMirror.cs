using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Sharing;

/// <summary>The part of <see cref="EditorMirror"/> that is about notebooks. Guarded by its owner.</summary>
internal sealed class NotebookMirror(Session session)
{
    /// <summary>Takes a notification that is on its way to the engine's process, if it is one of notebooks.</summary>
    /// <returns>The cells that it may change or close.</returns>
    public IReadOnlyList<string> Take(string method, ReadOnlySpan<byte> parameters)
    {
        var json = ProtocolJsonContext.Default;
        switch (method)
        {
            case LspMethods.DidOpenNotebookDocument when EditorMirror.Read(parameters, json.DidOpenNotebookDocumentParams) is { } opened:
                return session.Notebooks.Open(
                    opened.NotebookDocument.Uri, Conversions.ToUris(opened.NotebookDocument.Cells), Conversions.ToDocuments(opened.CellTextDocuments)).Cells;
            case LspMethods.DidChangeNotebookDocument when EditorMirror.Read(parameters, json.DidChangeNotebookDocumentParams) is { NotebookDocument.Uri: var uri, Change: var lsp }:
                var change = Conversions.ToNotebook(lsp);
                if (change.IsEmpty) return [];
                var before = session.Notebooks.Find(uri)?.Cells ?? [];
                session.Notebooks.Change(uri, change, session.Encoding);
                return before;
            case LspMethods.DidCloseNotebookDocument when EditorMirror.Read(parameters, json.DidCloseNotebookDocumentParams) is { NotebookDocument.Uri: var uri }:
                var closed = session.Notebooks.Find(uri)?.Cells ?? [];
                session.Notebooks.Close(uri);
                return closed;
            case LspMethods.DidOpenNotebookDocument or LspMethods.DidChangeNotebookDocument:
                return Lose(parameters);
            default:
                return [];
        }
    }

    public void LoseAll(string reason)
    {
        foreach (var notebook in session.Notebooks.Notebooks.ToList()) session.Notebooks.MarkOutOfStep(notebook.Uri, reason);
    }

    /// <summary>Tells a new engine's process of all notebooks, and which texts are unknown.</summary>
    public void Replay(MessageWriter writer)
    {
        var json = ProtocolJsonContext.Default;
        foreach (var notebook in session.Notebooks.Notebooks)
        {
            var cells = session.Notebooks.CellsOf(notebook);
            writer.SendNotification(LspMethods.DidOpenNotebookDocument, Opened(notebook, cells), json.DidOpenNotebookDocumentParams);
            if (notebook.IsOutOfStep)
            {
                // A change that can't be read, as it was here.
                writer.SendNotification(LspMethods.DidChangeNotebookDocument, new DidSaveNotebookDocumentParams(new NotebookDocumentIdentifier(notebook.Uri)), json.DidSaveNotebookDocumentParams);
            }

            foreach (var cell in cells)
            {
                if (session.Notebooks.StateOf(cell.Uri) == DocumentState.OutOfStep) writer.SendNotification(LspMethods.DidChangeNotebookDocument, Stale(notebook, cell), json.DidChangeNotebookDocumentParams);
            }
        }
    }

    private static DidOpenNotebookDocumentParams Opened(NotebookSnapshot notebook, IReadOnlyList<DocumentSnapshot> cells) => new(
        new NotebookDocument(notebook.Uri, NotebookType: "", Version: 0, [.. notebook.Cells.Select(static cell => new NotebookCell(NotebookCellKind.Code, cell))]), // only the order matters
        [.. cells.Select(static cell => new TextDocumentItem(cell.Uri, cell.LanguageId, cell.Version, cell.Text.ToString()))]);

    /// <summary>A change to the version that is known already: it puts the cell out of step, and nothing else.</summary>
    private static DidChangeNotebookDocumentParams Stale(NotebookSnapshot notebook, DocumentSnapshot cell) => new(
        new VersionedNotebookDocumentIdentifier(notebook.Uri, Version: 0),
        new NotebookDocumentChangeEvent(new NotebookDocumentCellChanges(
            TextContent: [new NotebookDocumentCellContentChanges(new VersionedTextDocumentIdentifier(cell.Uri, cell.Version), [])])));

    private IReadOnlyList<string> Lose(ReadOnlySpan<byte> parameters)
    {
        if (Conversions.FindUri(parameters, "notebookDocument") is { } uri)
        {
            session.Notebooks.MarkOutOfStep(uri, "It could not be read.");
            return session.Notebooks.Find(uri)?.Cells ?? [];
        }

        if (parameters.IsEmpty) LoseAll("It could not be read.");
        return [];
    }
}
