using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Context;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Handlers;

/// <summary>Notebooks open, change and close. Runs in the ordered turn, as <see cref="TextDocumentHandler"/> does.</summary>
/// <remarks>What is typed in is the notebook's text, so an edit of one cell outdoes what is asked for in the others of its language.</remarks>
internal sealed class NotebookHandler(Session session, TextFollowers followers, SessionContext context, ILogger logger)
{
    public void Register(MethodTable methods)
    {
        var json = ProtocolJsonContext.Default;
        methods.OnNotification(LspMethods.DidOpenNotebookDocument, () => json.DidOpenNotebookDocumentParams, OnOpened);
        methods.OnNotification(LspMethods.DidChangeNotebookDocument, () => json.DidChangeNotebookDocumentParams, OnChanged);
        methods.OnNotification(LspMethods.DidCloseNotebookDocument, () => json.DidCloseNotebookDocumentParams, parameters => OnClosed(parameters.NotebookDocument.Uri));
        methods.OnNotification(LspMethods.DidSaveNotebookDocument, static () => { });
        methods.NotificationFailed += OnFailed;
    }

    private void OnOpened(DidOpenNotebookDocumentParams parameters)
    {
        var uri = parameters.NotebookDocument.Uri;
        DropAll(session.Notebooks.Find(uri), isEnd: false);
        session.Notebooks.Open(uri, Conversions.ToUris(parameters.NotebookDocument.Cells), Conversions.ToDocuments(parameters.CellTextDocuments));
        context.Opened(uri);
    }

    private void OnChanged(DidChangeNotebookDocumentParams parameters)
    {
        var uri = parameters.NotebookDocument.Uri;
        var change = Conversions.ToNotebook(parameters.Change);
        if (change.IsEmpty) return; // a cell was run, say: what is suggested is still right
        Follow(uri, () => session.Notebooks.Change(uri, change, session.Encoding));
    }

    private void OnClosed(string uri)
    {
        DropAll(session.Notebooks.Find(uri), isEnd: true);
        if (!session.Notebooks.Close(uri)) logger.LogWarning("{Uri} was closed but not open.", uri);
        context.Closed(uri);
    }

    /// <summary>As for documents; a change that was too long to be read may have been any notebook's.</summary>
    private void OnFailed(string method, RpcError error, ReadOnlySpan<byte> parameters)
    {
        if (method is not (LspMethods.DidChangeNotebookDocument or LspMethods.DidOpenNotebookDocument)) return;
        string[] lost = Conversions.FindUri(parameters, "notebookDocument") is { } uri ? [uri]
            : parameters.IsEmpty && method == LspMethods.DidChangeNotebookDocument ? [.. session.Notebooks.Notebooks.Select(static notebook => notebook.Uri)]
            : [];
        foreach (var notebook in lost) Follow(notebook, () => session.Notebooks.MarkOutOfStep(notebook, error.Message));
    }

    /// <summary>Has everybody follow from the texts before a change to those after it.</summary>
    private void Follow(string uri, Func<IReadOnlyList<string>> change)
    {
        var before = session.Notebooks.Find(uri);
        foreach (var problem in change()) logger.LogWarning("{Problem} It gets no suggestions until it is opened again.", problem);
        var after = session.Notebooks.Find(uri);
        foreach (var text in before?.Texts ?? [])
        {
            if (after?.TextIn(text.LanguageId) is { } now) followers.Edited(now.Uri, now.Text);
            else followers.Dropped(text.Uri, last: null);
        }
    }

    private void DropAll(NotebookSnapshot? notebook, bool isEnd)
    {
        foreach (var text in notebook?.Texts ?? []) followers.Dropped(text.Uri, isEnd ? text.Text : null);
    }
}
