namespace Infill.Protocol.Lsp;

/// <summary>The names of the methods that the server answers, hears or calls.</summary>
public static class LspMethods
{
    public const string Initialize = "initialize";
    public const string Initialized = "initialized";
    public const string Shutdown = "shutdown";
    public const string Exit = "exit";
    public const string SetTrace = "$/setTrace";
    public const string CancelRequest = "$/cancelRequest";
    public const string Progress = "$/progress";
    public const string RegisterCapability = "client/registerCapability";
    public const string UnregisterCapability = "client/unregisterCapability";

    public const string DidOpenTextDocument = "textDocument/didOpen";
    public const string DidChangeTextDocument = "textDocument/didChange";
    public const string DidSaveTextDocument = "textDocument/didSave";
    public const string DidCloseTextDocument = "textDocument/didClose";
    public const string DidOpenNotebookDocument = "notebookDocument/didOpen";
    public const string DidChangeNotebookDocument = "notebookDocument/didChange";
    public const string DidSaveNotebookDocument = "notebookDocument/didSave";
    public const string DidCloseNotebookDocument = "notebookDocument/didClose";

    public const string InlineCompletion = "textDocument/inlineCompletion";
    public const string Completion = "textDocument/completion";

    public const string ShowMessage = "window/showMessage";
    public const string LogMessage = "window/logMessage";
    public const string CreateWorkDoneProgress = "window/workDoneProgress/create";
    public const string CancelWorkDoneProgress = "window/workDoneProgress/cancel";

    public const string Configuration = "workspace/configuration";
    public const string DidChangeConfiguration = "workspace/didChangeConfiguration";
    public const string DidChangeWatchedFiles = "workspace/didChangeWatchedFiles";
    public const string DidChangeWorkspaceFolders = "workspace/didChangeWorkspaceFolders";
    public const string ExecuteCommand = "workspace/executeCommand";

    // No part of LSP: known from other completion servers, and taken from clients that send them.
    public const string DidShowCompletion = "textDocument/didShowCompletion";
    public const string DidPartiallyAcceptCompletion = "textDocument/didPartiallyAcceptCompletion";

    // Ours.
    public const string Explain = "infill/explain";
}
