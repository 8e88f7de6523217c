using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Sharing;

/// <summary>What an editor has said and an engine's process must know: enough to tell it to another one, when the first is lost.</summary>
/// <remarks>Guarded by its owner. The documents are applied as the engine's process applies them, so the two are the same.</remarks>
internal sealed class EditorMirror(Session session)
{
    private const string TooLong = "It was too long.";
    private static readonly RequestId InitializeId = new("infill/initialize");
    private readonly NotebookMirror _notebooks = new(session);
    private readonly List<byte[]> _settings = []; // notifications, as they came: the last of the settings, all of the folders
    private byte[]? _configuration;

    public bool IsInitialized { get; set; }

    /// <summary>Takes the first request. Its answer needs no engine.</summary>
    public InitializeResult Initialize(InitializeParams parameters)
    {
        session.Initialize(parameters);
        return Handlers.LifecycleHandler.Result(Conversions.ToKind(session.Encoding), parameters.Capabilities.TextDocument?.InlineCompletion is not null);
    }

    /// <summary>Takes a notification that is on its way to the engine's process.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="parameters">Its parameters as JSON; empty where there are none.</param>
    /// <param name="body">The whole message.</param>
    /// <returns>The documents that it changes or closes: of a notebook, all its cells.</returns>
    public IReadOnlyList<string> Take(string method, ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> body)
    {
        var json = ProtocolJsonContext.Default;
        switch (method)
        {
            case LspMethods.Initialized:
                IsInitialized = true;
                return [];
            case LspMethods.DidOpenTextDocument when Read(parameters, json.DidOpenTextDocumentParams) is { TextDocument: var opened }:
                session.Documents.Open(opened.Uri, opened.LanguageId, opened.Version, opened.Text);
                return [opened.Uri];
            case LspMethods.DidChangeTextDocument when Read(parameters, json.DidChangeTextDocumentParams) is { } change:
                session.Documents.Change(change.TextDocument.Uri, change.TextDocument.Version, Conversions.ToText(change.ContentChanges), session.Encoding);
                return [change.TextDocument.Uri];
            case LspMethods.DidCloseTextDocument when Read(parameters, json.DidCloseTextDocumentParams) is { TextDocument: var closed }:
                session.Documents.Close(closed.Uri);
                return [closed.Uri];
            case LspMethods.DidOpenTextDocument or LspMethods.DidChangeTextDocument:
                return Lose(parameters);
            case LspMethods.DidChangeConfiguration:
                _configuration = body.ToArray();
                return [];
            case LspMethods.DidChangeWorkspaceFolders:
                _settings.Add(body.ToArray());
                return [];
            default:
                return _notebooks.Take(method, parameters);
        }
    }

    /// <summary>A change that was too long to be read may have been any document's.</summary>
    public void LoseDocuments()
    {
        foreach (var document in session.Documents.CurrentDocuments().ToList()) session.Documents.MarkOutOfStep(document.Uri, TooLong);
    }

    /// <summary>Likewise of notebooks.</summary>
    public void LoseNotebooks() => _notebooks.LoseAll(TooLong);

    /// <summary>Tells a new engine's process all of it. The answer to its first message is not for the editor: <see cref="IsOwnAnswer"/>.</summary>
    public void Replay(MessageWriter writer)
    {
        var json = ProtocolJsonContext.Default;
        if (session.Client is not { } client) return;
        Request(writer, json, client with { ProcessId = null }); // whether the editor lives is this process' business
        if (!IsInitialized) return;
        writer.SendNotification(LspMethods.Initialized, new InitializedParams(), json.InitializedParams);
        if (_configuration is not null) writer.SendBody(_configuration);
        foreach (var body in _settings) writer.SendBody(body);
        foreach (var document in session.Documents.OpenDocuments())
        {
            var item = new TextDocumentItem(document.Uri, document.LanguageId, document.Version, document.Text.ToString());
            writer.SendNotification(LspMethods.DidOpenTextDocument, new DidOpenTextDocumentParams(item), json.DidOpenTextDocumentParams);
            if (session.Documents.StateOf(document.Uri) == DocumentState.OutOfStep) SendUnreadable(writer, document.Uri);
        }

        _notebooks.Replay(writer);
    }

    public static bool IsOwnAnswer(RequestId id) => id == InitializeId;

    /// <summary>Puts a document out of step there too: a change without changes is one that can't be read.</summary>
    private static void SendUnreadable(MessageWriter writer, string uri) => writer.SendNotification(
        LspMethods.DidChangeTextDocument, new DidCloseTextDocumentParams(new TextDocumentIdentifier(uri)), ProtocolJsonContext.Default.DidCloseTextDocumentParams);

    private static void Request(MessageWriter writer, ProtocolJsonContext json, InitializeParams parameters) =>
        writer.SendRequest(InitializeId, LspMethods.Initialize, parameters, json.InitializeParams);

    private IReadOnlyList<string> Lose(ReadOnlySpan<byte> parameters)
    {
        var uri = Conversions.FindUri(parameters, "textDocument");
        if (uri is not null) session.Documents.MarkOutOfStep(uri, "It could not be read.");
        else if (parameters.IsEmpty) LoseDocuments();
        return uri is null ? [] : [uri];
    }

    internal static T? Read<T>(ReadOnlySpan<byte> parameters, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return parameters.IsEmpty ? null : JsonSerializer.Deserialize(parameters, type);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException) // as the connection catches it
        {
            return null;
        }
    }
}
