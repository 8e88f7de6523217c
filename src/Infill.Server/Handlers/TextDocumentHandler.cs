using Infill.Completion.Acceptance;
using Infill.Completion.Documents;
using Infill.Completion.Typing;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Context;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Handlers;

/// <summary>Open, change, close. Runs in the ordered turn, so that every request sees the text it was asked for.</summary>
internal sealed class TextDocumentHandler(Session session, TypingThrough typing, SessionContext context, AcceptanceLedger ledger, ILogger logger)
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
        ledger.Closed(document.Uri, last: null);
        session.Documents.Open(document.Uri, document.LanguageId, document.Version, document.Text);
        typing.Closed(document.Uri);
        context.Opened(document.Uri);
        session.Active.Supersede(document.Uri, session.SupersededError);
    }

    private void OnChanged(DidChangeTextDocumentParams parameters)
    {
        var uri = parameters.TextDocument.Uri;
        var result = session.Documents.Change(uri, parameters.TextDocument.Version, Conversions.ToText(parameters.ContentChanges), session.Encoding);
        if (result.Problem is { } problem) Warn(problem);
        if (session.Documents.TryGet(uri, out var snapshot))
        {
            typing.Edited(uri, snapshot.Text);
            session.Active.Supersede(uri, session.SupersededError);
            ledger.Edited(uri, snapshot.Text);
        }
        else
        {
            Drop(uri, last: null);
        }
    }

    private void OnClosed(DidCloseTextDocumentParams parameters)
    {
        var uri = parameters.TextDocument.Uri;
        var last = session.Documents.TryGet(uri, out var snapshot) ? snapshot.Text : null;
        if (!session.Documents.Close(uri)) logger.LogWarning("{Uri} was closed but not open.", uri);
        context.Closed(uri);
        Drop(uri, last);
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
        Drop(uri, last: null);
    }

    /// <summary>Nothing goes on for a document that is gone, or whose text is unknown.</summary>
    private void Drop(string uri, SourceText? last)
    {
        typing.Closed(uri);
        session.Active.Supersede(uri, session.SupersededError);
        ledger.Closed(uri, last);
    }

    private void Warn(string problem) =>
        logger.LogWarning("{Problem} It gets no suggestions until it is opened again or sent whole.", problem);
}
