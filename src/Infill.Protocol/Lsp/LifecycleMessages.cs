using System.Text.Json;

namespace Infill.Protocol.Lsp;

/// <summary>The first request. It leaves out what this server does not look at.</summary>
/// <remarks>
/// LSP requires <paramref name="ProcessId"/> and <paramref name="RootUri"/> and lets them be null; some clients leave them
/// out, and no client should be turned away for that.
/// </remarks>
/// <param name="Capabilities">What the client can do.</param>
/// <param name="ProcessId">The editor's process, after whose end the server has no reason to live.</param>
/// <param name="ClientInfo">Which editor it is.</param>
/// <param name="Locale">The editor's language tag.</param>
/// <param name="RootPath">Deprecated in favour of RootUri.</param>
/// <param name="RootUri">Deprecated in favour of WorkspaceFolders.</param>
/// <param name="InitializationOptions">The user's settings, as the client hands them over.</param>
/// <param name="Trace">One of <see cref="TraceValues"/>.</param>
/// <param name="WorkspaceFolders">Null where no folder is open.</param>
/// <param name="WorkDoneToken">Where the client wants to see progress of the start.</param>
public sealed record InitializeParams(
    ClientCapabilities Capabilities,
    int? ProcessId = null,
    ClientInfo? ClientInfo = null,
    string? Locale = null,
    string? RootPath = null,
    string? RootUri = null,
    JsonElement? InitializationOptions = null,
    string? Trace = null,
    IReadOnlyList<WorkspaceFolder>? WorkspaceFolders = null,
    ProgressToken? WorkDoneToken = null);

public sealed record ClientInfo(string Name, string? Version = null);

public sealed record ClientCapabilities(
    WorkspaceClientCapabilities? Workspace = null,
    TextDocumentClientCapabilities? TextDocument = null,
    NotebookDocumentClientCapabilities? NotebookDocument = null,
    WindowClientCapabilities? Window = null,
    GeneralClientCapabilities? General = null);

public sealed record WorkspaceClientCapabilities(
    bool? WorkspaceFolders = null,
    bool? Configuration = null,
    DidChangeConfigurationClientCapabilities? DidChangeConfiguration = null,
    DidChangeWatchedFilesClientCapabilities? DidChangeWatchedFiles = null);

public sealed record DidChangeWatchedFilesClientCapabilities(bool? DynamicRegistration = null, bool? RelativePatternSupport = null);

public sealed record DidChangeConfigurationClientCapabilities(bool? DynamicRegistration = null);

public sealed record TextDocumentClientCapabilities(
    TextDocumentSyncClientCapabilities? Synchronization = null,
    CompletionClientCapabilities? Completion = null,
    InlineCompletionClientCapabilities? InlineCompletion = null);

public sealed record TextDocumentSyncClientCapabilities(bool? DynamicRegistration = null, bool? DidSave = null);

public sealed record CompletionClientCapabilities(
    bool? DynamicRegistration = null,
    ClientCompletionItemOptions? CompletionItem = null,
    int? InsertTextMode = null,
    bool? ContextSupport = null);

public sealed record ClientCompletionItemOptions(
    bool? SnippetSupport = null,
    bool? PreselectSupport = null,
    bool? InsertReplaceSupport = null,
    bool? LabelDetailsSupport = null);

public sealed record InlineCompletionClientCapabilities(bool? DynamicRegistration = null);

public sealed record NotebookDocumentClientCapabilities(NotebookDocumentSyncClientCapabilities Synchronization);

public sealed record NotebookDocumentSyncClientCapabilities(bool? DynamicRegistration = null, bool? ExecutionSummarySupport = null);

public sealed record WindowClientCapabilities(bool? WorkDoneProgress = null);

/// <param name="PositionEncodings">In the client's order of preference; null means UTF-16 alone.</param>
public sealed record GeneralClientCapabilities(IReadOnlyList<string>? PositionEncodings = null);

/// <summary>What a <see cref="Position.Character"/> counts.</summary>
public static class PositionEncodingKind
{
    public const string Utf8 = "utf-8";
    public const string Utf16 = "utf-16";
    public const string Utf32 = "utf-32";
}

public sealed record InitializeResult(ServerCapabilities Capabilities, ServerInfo? ServerInfo = null);

public sealed record ServerInfo(string Name, string? Version = null);

public sealed record ServerCapabilities(
    string? PositionEncoding = null,
    TextDocumentSyncOptions? TextDocumentSync = null,
    NotebookDocumentSyncOptions? NotebookDocumentSync = null,
    CompletionOptions? CompletionProvider = null,
    InlineCompletionOptions? InlineCompletionProvider = null,
    ExecuteCommandOptions? ExecuteCommandProvider = null,
    WorkspaceOptions? Workspace = null);

public sealed record TextDocumentSyncOptions(bool? OpenClose = null, TextDocumentSyncKind? Change = null, SaveOptions? Save = null);

public enum TextDocumentSyncKind
{
    None = 0,
    Full = 1,
    Incremental = 2,
}

public sealed record SaveOptions(bool? IncludeText = null);

/// <summary>Which notebooks' cells are synchronised.</summary>
public sealed record NotebookDocumentSyncOptions(IReadOnlyList<NotebookDocumentFilterWithNotebook> NotebookSelector, bool? Save = null);

/// <param name="Notebook">A notebook type, or <c>*</c> for any.</param>
/// <param name="Cells">The cells of it that count; null means all.</param>
public sealed record NotebookDocumentFilterWithNotebook(string Notebook, IReadOnlyList<NotebookCellLanguage>? Cells = null);

public sealed record NotebookCellLanguage(string Language);

public sealed record CompletionOptions(
    IReadOnlyList<string>? TriggerCharacters = null,
    bool? ResolveProvider = null,
    bool? WorkDoneProgress = null);

public sealed record InlineCompletionOptions(bool? WorkDoneProgress = null);

public sealed record ExecuteCommandOptions(IReadOnlyList<string> Commands, bool? WorkDoneProgress = null);

public sealed record WorkspaceOptions(WorkspaceFoldersServerCapabilities? WorkspaceFolders = null);

public sealed record WorkspaceFoldersServerCapabilities(bool? Supported = null, bool? ChangeNotifications = null);

public sealed record InitializedParams;

public sealed record SetTraceParams(string Value);

public static class TraceValues
{
    public const string Off = "off";
    public const string Messages = "messages";
    public const string Compact = "compact";
    public const string Verbose = "verbose";
}

public sealed record RegistrationParams(IReadOnlyList<Registration> Registrations);

public sealed record Registration(string Id, string Method, JsonElement? RegisterOptions = null);

/// <param name="Unregisterations">Misspelt in the specification, and so here.</param>
public sealed record UnregistrationParams(IReadOnlyList<Unregistration> Unregisterations);

public sealed record Unregistration(string Id, string Method);
