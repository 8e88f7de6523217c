using Infill.Completion;
using Infill.Completion.Acceptance;
using Infill.Completion.Prompting;
using Infill.Completion.Typing;
using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Context;
using Infill.Server.Gpu;
using Infill.Server.Handlers;
using Infill.Server.Http;
using Infill.Server.ModelChoice;
using Infill.Server.Statistics;
using Infill.Server.Status;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>One editor's conversation, from its first byte to its exit code, and every part of it.</summary>
/// <remarks>The parts are made here, by hand: a client waits for them, and reflection would take longer than its answer.</remarks>
#pragma warning disable CA1001 // The token source is never disposed: it has no timer, and late callers may still ask for its token.
internal sealed class Conversation
#pragma warning restore CA1001
{
    private readonly ServerOptions _options;
    private readonly ILogger _logger;
    private readonly Session _session;
    private readonly ClientLink _client;
    private readonly Connection _connection;
    private readonly ModelInUse _model;
    private readonly Lazy<ISuggestionService> _remote; // where endpoints are named
    private readonly TypingThrough _typing;
    private readonly SessionContext _context;
    private readonly StatisticsBook _book;
    private readonly AcceptanceLedger _ledger;
    private readonly WorkList _work;
    private readonly EnginePage _page; // of an engine of its own
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RemotePool? _pool; // made with _remote
    private StatusSource? _status; // made when the live page is asked for
    private Task? _running;

    public Conversation(ServerOptions options)
    {
        _options = options;
        var standardError = LineLoggerProvider.ToStandardError(options.LogLevel);
        _client = new ClientLink(standardError.CreateLogger(nameof(ClientLink))); // not to the client: it is what failed
        Loggers = new LoggerFactory([standardError, LineLoggerProvider.ToClient(_client)]);
        _logger = Loggers.CreateLogger(nameof(Conversation));
        _session = new Session(options.OwnLayers, options.CommandLine, problem => _logger.LogWarning("{Problem}", problem)) { Number = options.ClientNumber };
        if (options.ChosenModel is { } chosen) _session.Choose(chosen);
        _model = new ModelInUse(before => options.Seat?.Engine ?? MakeEngine(before), MakeLocal);
        _remote = new Lazy<ISuggestionService>(MakeRemote);
        _typing = new TypingThrough(() => Completions, options.Time, () => _session.Settings.BackOff ? LeavingInPeace.After(_ledger!.IgnoredInARow) : TimeSpan.Zero);
        _context = new SessionContext(_session, options.Time, WatchFiles);
        _book = new StatisticsBook(options.Statistics, options.Time, Loggers.CreateLogger(nameof(StatisticsBook)));
        _ledger = new AcceptanceLedger(options.Time, (language, tally) =>
        {
            if (_session.Settings.Statistics) _book.Add(language, tally);
        });
        _work = new WorkList(_client, options.Time);
        _page = new EnginePage(MakeStatus, options.Time, Loggers);
        _connection = new Connection(options.Input, options.Output, MakeMethods(), Loggers.CreateLogger(nameof(Connection)), firstRequestId: options.FirstRequestId);
        _client.Attach(_connection);
    }

    /// <summary>Writes to stderr and to the editor.</summary>
    public ILoggerFactory Loggers { get; }

    /// <summary>Made, and its model loaded, when it is first asked for: once the client has its answer to initialize.</summary>
    public CompletionEngine Engine => _model.Engine;

    /// <summary>What other files give to prompts.</summary>
    public SessionContext Context => _context;

    /// <summary>As the engine knows the client.</summary>
    public string ClientName => _session.ClientName;

    /// <summary>1 until the client has said goodbye properly.</summary>
    public int ExitCode { get; private set; } = 1;

    /// <summary>Completes when the client has taken the answer to initialize.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Completes when the conversation has ended and the model is freed. Begins it, unless it has begun.</summary>
    public Task RunAsync() => _running ??= RunToEndAsync();

    /// <summary>Ends it; any thread.</summary>
    public void Stop() => _connection.Stop();

    private ISuggestionService Completions => _session.Settings.Endpoints.Count == 0 ? _model.Completions : _remote.Value;

    private async Task RunToEndAsync()
    {
        await _connection.RunAsync(CancellationToken.None);
        if (_session.State == SessionState.ShutDown) ExitCode = ExitCodes.Done; // the pipe closed after a proper shutdown
        await _ended.CancelAsync();
        _typing.CloseAll(); // a shared engine goes on
        foreach (var document in _session.Documents.CurrentDocuments()) _ledger.Closed(document.Uri, document.Text);
        foreach (var text in _session.Notebooks.Notebooks.SelectMany(static notebook => notebook.Texts)) _ledger.Closed(text.Uri, text.Text);
        _book.Write();
        _pool?.Dispose();
        await _page.DisposeAsync();
        _status?.Dispose();
        if (_options.Seat is null) await _model.EndAsync();
    }

    private MethodTable MakeMethods()
    {
        var methods = new MethodTable();
        new LifecycleHandler(_session, _client, _ledger, _options.Time)
        {
            Initialized = OnInitialized,
            Exiting = code =>
            {
                ExitCode = code;
                Stop();
            },
        }.Register(methods);
        var followers = new TextFollowers(_session, _typing, _ledger);
        new TextDocumentHandler(_session, _context, followers, Loggers.CreateLogger(nameof(TextDocumentHandler))).Register(methods);
        new NotebookHandler(_session, followers, _context, Loggers.CreateLogger(nameof(NotebookHandler))).Register(methods);

        var suggestions = new SuggestionSource(_session, () => Completions, _typing, _context, _ledger, Loggers.CreateLogger(nameof(SuggestionSource)));
        var models = new ModelChooser(_session, _model, _options.Seat, _options.Models, StopAll, Loggers.CreateLogger(nameof(ModelChooser)));
        new CommandHandler(_session, _ledger, models, _work, _options.Seat?.NewPageLink ?? _page.NewLinkAsync, _options.Seat).Register(methods);
        new InlineCompletionHandler(_session, _client, suggestions, _ledger, _options.Time).Register(methods);
        new ExplainHandler(_session, () => Completions, suggestions).Register(methods);
        new CompletionHandler(_session, suggestions, _ledger).Register(methods);
        return methods;
    }

    private void OnInitialized()
    {
        _begun.TrySetResult();

        // Not before: the answer to initialize must not wait for a core that is loading the model.
        if (_session.Settings.Endpoints.Count > 0) _ = FollowEndpointsAsync();
        else _ = FollowModelAsync();
        if (_session.Client?.ProcessId is not { } parent) return;
        if (ParentProcess.IsSeen(parent)) _ = ParentProcess.WatchAsync(parent, _options.ParentCheck, OnParentGone, _ended.Token);
        else _logger.LogInformation("The editor (process {Parent}) can't be seen from here; its end will be known by the input's.", parent);
    }

    private void WatchFiles()
    {
        if (_session.Client?.Capabilities.Workspace?.DidChangeWatchedFiles?.DynamicRegistration == true) _ = _client.RegisterForFilesAsync();
    }

    /// <summary>The editor may die without a word: then nobody reads what we suggest.</summary>
    private void OnParentGone()
    {
        _logger.LogInformation("The editor's process is gone; the server ends.");
        Stop();
    }

    /// <summary>A GPU is tried once the processor suggests, and beside it.</summary>
    private async Task FollowModelAsync()
    {
        await FollowLoadingAsync();
        if (_options.Seat is not null || _options.Gpu(_session.Settings.Gpu) is not { } gpu) return;
        var mayAsk = _session.Client?.Capabilities.Window?.WorkDoneProgress == true;
        await new BackgroundProbe(gpu, () => _session.Settings.Gpu, Loggers.CreateLogger(nameof(BackgroundProbe))).RunAsync(
            () => _work.Begin(given: null, mayAsk, "Infill: trying the GPU", _ended.Token),
            () =>
            {
                _model.Replace();
                StopAll();
                return FollowLoadingAsync();
            },
            _ended.Token);
    }

    private Task FollowLoadingAsync()
    {
        var engine = Engine;
        return new ModelLoading(_session, _client, _options.Seat?.Progress ?? _options.Progress, _options.Time, Loggers.CreateLogger(nameof(ModelLoading))).FollowAsync(engine, _model.Completions, () => Engine == engine);
    }

    /// <summary>A server that is not there is no reason to disturb anybody: it may come.</summary>
    private async Task FollowEndpointsAsync()
    {
        try
        {
            await _remote.Value.ReadyAsync(_ended.Token);
            _logger.LogInformation("Suggestions come from {Endpoints}.", string.Join(", ", _session.Settings.Endpoints));
        }
        catch (EngineException e)
        {
            _logger.LogWarning("No suggestions for now: {Reason}", e.Message);
        }
        catch (OperationCanceledException)
        {
            // The conversation has ended.
        }
    }

    /// <summary>Where endpoints are named, the local model is not touched unless it is the last resort, and then when it is needed first.</summary>
    private ISuggestionService MakeRemote()
    {
        var settings = _session.Settings;
        try
        {
            _pool = Endpoints.Open(settings, _options.Time, Loggers.CreateLogger(nameof(Endpoints)));
            return Endpoints.Suggest(_pool, settings, _options.Time, () => _model.Completions);
        }
        catch (EngineException e)
        {
            return new UnusableSuggestions(e);
        }
    }

    /// <remarks>Called by one task at a time.</remarks>
    private StatusSource MakeStatus() => _status ??= new StatusSource(() => Engine, () => Path.GetFileNameWithoutExtension(_session.Settings.ModelPath), _options.Time)
    {
        Connected = () => [ClientName],
        Loading = _options.Progress,
    };

    private CompletionService MakeLocal(CompletionEngine engine) => new(engine, _options.Time, new TemplateOptions
    {
        Named = _session.Settings.Template,
        Proofs = _options.Proofs,
        Warn = warning => _client.Show(MessageType.Warning, $"Infill: {warning}"),
    });

    private CompletionEngine MakeEngine(Task before)
    {
        var settings = _session.Settings;
        var logger = Loggers.CreateLogger("Engine");
        var options = settings.Engine with { TimesFolder = _options.CacheFolder is { } folder ? Path.Combine(folder, "times") : null };
        return new CompletionEngine(replica => ModelLoading.Guarded(() => Load(replica)), options, _options.Time, logger);

        IModel Load(int replica)
        {
#pragma warning disable VSTHRD002 // on the new engine's own thread, which has nothing else to do; the old one's ends by itself
            before.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
            return _options.LoadModel is { } load ? load(settings.ModelPath) : ModelLoading.Load(settings, logger, _options.Progress, replica);
        }
    }

    /// <summary>Another model is in use: nothing of what the one before it made is shown any more.</summary>
    private void StopAll()
    {
        _typing.CloseAll();
        _session.Active.SupersedeAll(_session.SupersededError with { Message = "The model has changed." });
    }
}
