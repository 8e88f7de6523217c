using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Context;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Handlers;

/// <summary>Open, change, close. Runs in the ordered turn, so that every request sees the text it was asked for.</summary>
internal sealed class TextDocumentHandler(Session session, SessionContext context, TextFollowers followers, ILogger logger)
{
    public void Register(MethodTable methods)
    {
        var json = ProtocolJsonContext.Default;
        methods.OnNotification(LspMethods.DidOpenTextDocument, () => json.DidOpenTextDocumentParams, OnOpened);
        methods.OnNotification(LspMethods.DidChangeTextDocument, () => json.DidChangeTextDocumentParams, OnChanged);
        methods.OnNotification(LspMethods.DidCloseTextDocument, () => json.DidCloseTextDocumentParams, OnClosed);
        methods.OnNotification(LspMethods.DidSaveTextDocument, static () => { });
        methods.OnNotification(LspMethods.DidChangeWatchedFiles, () => json.DidChangeWatchedFilesParams, OnFilesChanged);
        methods.NotificationFailed += OnFailed;
    }

    private void OnOpened(DidOpenTextDocumentParams parameters)
    {
        var document = parameters.TextDocument;
        followers.Dropped(document.Uri, last: null);
        session.Documents.Open(document.Uri, document.LanguageId, document.Version, document.Text);
        context.Opened(document.Uri);
    }

    private void OnChanged(DidChangeTextDocumentParams parameters)
    {
        var uri = parameters.TextDocument.Uri;
        var result = session.Documents.Change(uri, parameters.TextDocument.Version, Conversions.ToText(parameters.ContentChanges), session.Encoding);
        if (result.Problem is { } problem) Warn(problem);
        if (session.Documents.TryGet(uri, out var snapshot))
        {
            followers.Edited(uri, snapshot.Text);
        }
        else
        {
            followers.Dropped(uri, last: null);
        }
    }

    private void OnClosed(DidCloseTextDocumentParams parameters)
    {
        var uri = parameters.TextDocument.Uri;
        var last = session.Documents.TryGet(uri, out var snapshot) ? snapshot.Text : null;
        if (!session.Documents.Close(uri)) logger.LogWarning("{Uri} was closed but not open.", uri);
        context.Closed(uri);
        followers.Dropped(uri, last);
    }

    private void OnFilesChanged(DidChangeWatchedFilesParams parameters)
    {
        foreach (var change in parameters.Changes) context.ChangedOnDisk(change.Uri);
    }

    /// <summary>A change that can't be read leaves the document's text unknown: say so rather than suggest for the wrong text.</summary>
    private void OnFailed(string method, RpcError error, ReadOnlySpan<byte> parameters)
    {
        if (method is not (LspMethods.DidChangeTextDocument or LspMethods.DidOpenTextDocument)) return;
        if (Conversions.FindUri(parameters, "textDocument") is { } uri)
        {
            Lose(uri, error);
        }
        else if (parameters.IsEmpty && method == LspMethods.DidChangeTextDocument)
        {
            // Skipped for its length or encoding: whose change it was is unknown, so it may have been any document's.
            foreach (var document in session.Documents.CurrentDocuments()) Lose(document.Uri, error);
        }
    }

    private void Lose(string uri, RpcError error)
    {
        if (session.Documents.MarkOutOfStep(uri, error.Message) is { } problem) Warn(problem);
        followers.Dropped(uri, last: null);
    }

    private void Warn(string problem) =>
        logger.LogWarning("{Problem} It gets no suggestions until it is opened again or sent whole.", problem);
}
