using System.Text.Json;
using Infill.Completion.Acceptance;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Handlers;

/// <summary>initialize to exit, settings and folders.</summary>
internal sealed class LifecycleHandler(Session session, ClientLink client, AcceptanceLedger ledger, TimeProvider time)
{
    /// <summary>How long suggestions wait at most for the settings of a client that says that it tells them.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    public static string Version { get; } = typeof(LifecycleHandler).Assembly.GetName().Version?.ToString(3) ?? "0";

    private bool _isInitialized; // dispatch loop only

    /// <summary>Called once, when the client has taken the answer to initialize.</summary>
    public required Action Initialized { get; init; }

    /// <summary>Called with the exit code.</summary>
    public required Action<int> Exiting { get; init; }

    public void Register(MethodTable methods)
    {
        var json = ProtocolJsonContext.Default;
        methods.Admission = session.Admit;
        methods.OnRequest(LspMethods.Initialize, () => json.InitializeParams, () => json.InitializeResult, InitializeAsync);
        methods.OnNotification(LspMethods.Initialized, OnInitialized);
        methods.OnRequest(LspMethods.Shutdown, json.OptionalJsonElement, ShutdownAsync);
        methods.OnNotification(LspMethods.Exit, () => Exiting(session.Exit()));
        methods.OnNotification(LspMethods.SetTrace, static () => { });
        methods.OnNotification(LspMethods.DidChangeConfiguration, () => json.DidChangeConfigurationParams, OnConfigurationChanged);
        methods.OnNotification(LspMethods.DidChangeWorkspaceFolders, () => json.DidChangeWorkspaceFoldersParams, change => session.ChangeFolders(change.Event));
        methods.OnNotification(LspMethods.DidPartiallyAcceptCompletion, () => json.DidPartiallyAcceptCompletionParams, OnPartlyAccepted);
    }

    /// <summary>What the server can do, for a client that agreed on an encoding.</summary>
    public static InitializeResult Result(string positionEncoding, bool hasInlineCompletion) => new(
        new ServerCapabilities(
            PositionEncoding: positionEncoding,
            TextDocumentSync: new TextDocumentSyncOptions(OpenClose: true, Change: TextDocumentSyncKind.Incremental),
            NotebookDocumentSync: new NotebookDocumentSyncOptions([new NotebookDocumentFilterWithNotebook("*")]), // all cells: markdown too says what the code is for
            // Inline completion is what we are for; the plain list is for clients that can't, or everything would show twice.
            CompletionProvider: hasInlineCompletion ? null : new CompletionOptions(),
            InlineCompletionProvider: new InlineCompletionOptions(),
            ExecuteCommandProvider: new ExecuteCommandOptions(CommandNames.All, WorkDoneProgress: true),
            Workspace: new WorkspaceOptions(new WorkspaceFoldersServerCapabilities(Supported: true, ChangeNotifications: true))),
        new ServerInfo("infill", Version));

    private Task<InitializeResult> InitializeAsync(InitializeParams parameters, IncomingRequest request)
    {
        session.Initialize(parameters);
        if (session.TellsSettings) _ = EndWaitForSettingsAsync();

        var hasInline = parameters.Capabilities.TextDocument?.InlineCompletion is not null;
        return Task.FromResult(Result(Conversions.ToKind(session.Encoding), hasInline));
    }

    private void OnInitialized()
    {
        if (_isInitialized) return;
        _isInitialized = true;
        var workspace = session.Client?.Capabilities.Workspace;
        if (workspace?.DidChangeConfiguration?.DynamicRegistration == true) _ = client.RegisterForConfigurationAsync();
        if (session.TellsSettings) _ = AskForSettingsAsync();
        Initialized();
    }

    private async Task AskForSettingsAsync()
    {
        await client.AskConfigurationAsync(session.Configure);
        session.EndWaitForSettings(); // refused or not
    }

    private async Task EndWaitForSettingsAsync()
    {
        await Task.Delay(s_patience, time);
        session.EndWaitForSettings();
    }

    private Task<JsonElement?> ShutdownAsync(IncomingRequest request)
    {
        session.ShutDown();
        return Task.FromResult<JsonElement?>(null);
    }

    private void OnConfigurationChanged(DidChangeConfigurationParams parameters)
    {
        // Clients that answer workspace/configuration send null here, the others send the settings.
        if (session.TellsSettings) _ = client.AskConfigurationAsync(session.Configure);
        else session.Configure(parameters.Settings);
    }

    private void OnPartlyAccepted(DidPartiallyAcceptCompletionParams parameters)
    {
        if (Conversions.ToFirstText(parameters.Item.Command?.Arguments) is { } id) ledger.PartlyAccepted(id, parameters.AcceptedLength);
    }
}
