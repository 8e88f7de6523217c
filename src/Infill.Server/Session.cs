using System.Text.Json;
using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Settings;

namespace Infill.Server;

/// <summary>Where an editor's conversation stands.</summary>
internal enum SessionState
{
    Starting,
    Running,
    ShutDown,
    Exited,
}

/// <summary>One editor: lifecycle state, its documents, its settings and what it waits for.</summary>
/// <remarks>Written by the dispatch loop alone, but for the settings, which answers of the client change too: guarded by their lock.</remarks>
internal sealed class Session(IReadOnlyList<SettingsLayer?> ownLayers, SettingsLayer? commandLine, Action<string> problem)
{
    private readonly Lock _settingsGate = new();
    private readonly TaskCompletionSource _settingsKnown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _told = new(StringComparer.Ordinal); // problems of the settings; guarded by _settingsGate
    private volatile InfillSettings _settings = InfillSettings.From([.. ownLayers, commandLine], static _ => { }); // told when a client can hear it
    private SettingsLayer? _initializationLayer;
    private SettingsLayer? _configurationLayer;
    private SettingsLayer? _chosenLayer;

    public SessionState State { get; private set; } = SessionState.Starting;

    public DocumentStore Documents { get; } = new();

    public NotebookStore Notebooks { get; } = new();

    public ActiveRequests Active { get; } = new();

    public PositionEncoding Encoding { get; private set; } = PositionEncoding.Utf16;

    public InitializeParams? Client { get; private set; }

    /// <summary>Among the clients of a shared engine.</summary>
    public int Number { get; init; } = 1;

    /// <summary>Whom the engine shares its time with, and as whom the live page shows it.</summary>
    public string ClientName => $"{Client?.ClientInfo?.Name ?? "editor"} {Number}";

    /// <summary>Roots of the workspace, as URIs, longest first.</summary>
    public IReadOnlyList<string> Folders { get; private set; } = [];

    /// <summary>In force now; a request keeps those it began with.</summary>
    public InfillSettings Settings => _settings;

    /// <summary>Whether the client answers when it is asked for its settings.</summary>
    public bool TellsSettings => Client?.Capabilities.Workspace?.Configuration == true;

    /// <summary>
    /// Those in force when this is called, for what the user may have forbidden or changed. At the start a client that is asked for its
    /// settings is waited for: then those that it has told. Any thread.
    /// </summary>
    public async Task<InfillSettings> KnownSettingsAsync()
    {
        if (_settingsKnown.Task.IsCompleted) return _settings;
        await _settingsKnown.Task;
        return _settings;
    }

    /// <summary>Neovim takes RequestCancelled silently, but logs ContentModified.</summary>
    public RpcError SupersededError { get; private set; } = s_contentModified;

    private static readonly RpcError s_contentModified = new(RpcErrorCodes.ContentModified, "The document has changed.");
    private static readonly RpcError s_cancelled = new(RpcErrorCodes.RequestCancelled, "The document has changed.");

    /// <summary>What may be sent in which state; asked before each message.</summary>
    public RpcError? Admit(string method, bool isRequest) => State switch
    {
        SessionState.Starting when method is not (LspMethods.Initialize or LspMethods.Exit) =>
            new RpcError(RpcErrorCodes.ServerNotInitialized, $"{method} came before initialize."),
        SessionState.Running when method == LspMethods.Initialize =>
            new RpcError(RpcErrorCodes.InvalidRequest, "initialize may come once only."),
        SessionState.ShutDown or SessionState.Exited when isRequest || method != LspMethods.Exit =>
            new RpcError(RpcErrorCodes.InvalidRequest, $"{method} came after shutdown."),
        _ => null,
    };

    public void Initialize(InitializeParams client)
    {
        Client = client;
        State = SessionState.Running;
        Encoding = Conversions.PreferredEncoding(client.Capabilities.General?.PositionEncodings);
        if (client.ClientInfo?.Name == "Neovim") SupersededError = s_cancelled;
        Folders = Longest(client.WorkspaceFolders?.Select(folder => folder.Uri) ?? (client.RootUri is { } root ? [root] : []));
        Merge(() => _initializationLayer = SettingsSources.FromClient(client.InitializationOptions, TellOnce));
        if (!TellsSettings) _settingsKnown.SetResult();
    }

    public void ShutDown() => State = SessionState.ShutDown;

    /// <summary>The exit code that the specification asks for.</summary>
    public int Exit()
    {
        var code = State == SessionState.ShutDown ? 0 : 1;
        State = SessionState.Exited;
        return code;
    }

    /// <summary>Any thread.</summary>
    public void Configure(JsonElement? settings) => Merge(() => _configurationLayer = SettingsSources.FromClient(settings, TellOnce));

    /// <summary>The client has told its settings, or is waited for no longer. Any thread.</summary>
    public void EndWaitForSettings() => _settingsKnown.TrySetResult();

    /// <summary>The user has chosen a model, after all that the settings say. Any thread.</summary>
    /// <param name="model">Its file.</param>
    public void Choose(string model) => Merge(() => _chosenLayer = new SettingsLayer { Model = model });

    /// <summary>The model that the next start would take whatever the user's file says; null where there is none.</summary>
    public string? StrongerModel => ownLayers.Skip(1).Append(commandLine).LastOrDefault(static layer => !string.IsNullOrEmpty(layer?.Model))?.Model;

    public void ChangeFolders(WorkspaceFoldersChangeEvent change) =>
        Folders = Longest(Folders.Except(change.Removed.Select(folder => folder.Uri), StringComparer.Ordinal)
            .Union(change.Added.Select(folder => folder.Uri), StringComparer.Ordinal));

    private static List<string> Longest(IEnumerable<string> uris) => [.. uris.OrderByDescending(uri => uri.Length)];

    private void TellOnce(string sentence)
    {
        if (_told.Add(sentence)) problem(sentence);
    }

    private void Merge(Action change)
    {
        lock (_settingsGate)
        {
            change();
            _settings = InfillSettings.From([.. ownLayers, _initializationLayer, _configurationLayer, commandLine, _chosenLayer], TellOnce);
        }
    }
}
