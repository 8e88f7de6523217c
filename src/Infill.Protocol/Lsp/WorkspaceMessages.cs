using System.Text.Json;

namespace Infill.Protocol.Lsp;

public sealed record WorkspaceFolder(string Uri, string Name);

public sealed record DidChangeWorkspaceFoldersParams(WorkspaceFoldersChangeEvent Event);

public sealed record WorkspaceFoldersChangeEvent(IReadOnlyList<WorkspaceFolder> Added, IReadOnlyList<WorkspaceFolder> Removed);

public sealed record ConfigurationParams(IReadOnlyList<ConfigurationItem> Items);

/// <param name="ScopeUri">Whose settings; null means the whole workspace's.</param>
/// <param name="Section">Which part of them; null means all.</param>
public sealed record ConfigurationItem(string? ScopeUri = null, string? Section = null);

/// <param name="Settings">Clients that are asked for their configuration send null here.</param>
public sealed record DidChangeConfigurationParams(JsonElement Settings);

/// <summary>The options of a registration for <c>workspace/didChangeConfiguration</c>.</summary>
public sealed record DidChangeConfigurationRegistrationOptions(string? Section = null);

public sealed record ExecuteCommandParams(string Command, IReadOnlyList<JsonElement>? Arguments = null, ProgressToken? WorkDoneToken = null);

public sealed record DidChangeWatchedFilesParams(IReadOnlyList<FileEvent> Changes);

public sealed record FileEvent(string Uri, FileChangeType Type);

public enum FileChangeType
{
    Created = 1,
    Changed = 2,
    Deleted = 3,
}
