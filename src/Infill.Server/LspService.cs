using Infill.Completion;
using Infill.Engine;
using Infill.Protocol.JsonRpc;
using Infill.Server.Handlers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>One editor's conversation, from its first byte to its exit code.</summary>
internal sealed class LspService(IServiceProvider provider) : BackgroundService
{
    private static readonly TimeSpan ParentCheck = TimeSpan.FromSeconds(2);

    private readonly ILogger _logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(LspService));
    private readonly Session _session = provider.GetRequiredService<Session>();

    /// <summary>1 until the client has said goodbye properly.</summary>
    public int ExitCode { get; private set; } = 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var options = provider.GetRequiredService<ServerOptions>();
        var client = provider.GetRequiredService<ClientLink>();
        var loggers = provider.GetRequiredService<ILoggerFactory>();
        var engine = new Lazy<CompletionEngine>(provider.GetRequiredService<CompletionEngine>);
        var methods = new MethodTable();
        new TextDocumentHandler(_session, loggers.CreateLogger(nameof(TextDocumentHandler))).Register(methods);
        var suggestions = new SuggestionSource(_session, new Lazy<CompletionService>(provider.GetRequiredService<CompletionService>), loggers.CreateLogger(nameof(SuggestionSource)));
        new InlineCompletionHandler(_session, client, suggestions, options.Time).Register(methods);
        new CompletionHandler(_session, suggestions).Register(methods);

        var connection = new Connection(options.Input, options.Output, methods, loggers.CreateLogger(nameof(Connection)));
        client.Attach(connection);
        new LifecycleHandler(_session, client)
        {
            // Not before: the answer to initialize must not wait for a core that is loading the model.
            Initialized = () =>
            {
                _ = new ModelLoading(_session, client, loggers.CreateLogger(nameof(ModelLoading))).FollowAsync(engine.Value);
                if (_session.Client?.ProcessId is { } parent) _ = WatchParentAsync(parent, connection, stoppingToken);
            },
            Exiting = code =>
            {
                ExitCode = code;
                connection.Stop();
            },
        }.Register(methods);

        await connection.RunAsync(stoppingToken);
        if (_session.State == SessionState.ShutDown) ExitCode = 0; // the pipe closed after a proper shutdown
        if (engine.IsValueCreated) await engine.Value.DisposeAsync();
        provider.GetRequiredService<IHostApplicationLifetime>().StopApplication();
    }

    /// <summary>The editor may die without a word: then nobody reads what we suggest.</summary>
    private async Task WatchParentAsync(int parent, Connection connection, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ParentCheck);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (IsAlive(parent)) continue;
            _logger.LogInformation("The editor (process {Parent}) is gone; the server ends.", parent);
            connection.Stop();
            return;
        }
    }

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
