using System.IO.Pipelines;
using Infill.Completion;
using Infill.Engine;
using Infill.Server.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>What a server is started with.</summary>
/// <param name="Input">The client's bytes.</param>
/// <param name="Output">Ours: the protocol and nothing else.</param>
internal sealed record ServerOptions(PipeReader Input, PipeWriter Output)
{
    /// <summary>The user's own settings, weakest first.</summary>
    public IReadOnlyList<SettingsLayer?> OwnLayers { get; init; } = [];

    /// <summary>Settings given as arguments: stronger than all others.</summary>
    public SettingsLayer? CommandLine { get; init; }

    /// <summary>Least level that is written to stderr.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>Makes the model runner, on the engine's thread; null loads the model that the settings name.</summary>
    public Func<IModelRunner>? LoadModel { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Composition root of <c>infill lsp</c>: every part is made here, by hand, so that start-up needs no reflection.</summary>
internal static class ServerHost
{
    public static IHost Build(ServerOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null); // no configuration files, no default loggers: stdout stays clean
        var services = builder.Services;
        var standardError = LineLoggerProvider.ToStandardError(options.LogLevel);
        var client = new ClientLink(standardError.CreateLogger(nameof(ClientLink)));
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Logging.AddProvider(standardError);
        builder.Logging.AddProvider(LineLoggerProvider.ToClient(client));

        services.Configure<ConsoleLifetimeOptions>(static lifetime => lifetime.SuppressStatusMessages = true);
        services.AddSingleton(options);
        services.AddSingleton(client);
        services.AddSingleton(options.Time);
        services.AddSingleton(static provider =>
        {
            var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(Session));
            var given = provider.GetRequiredService<ServerOptions>();
            return new Session(given.OwnLayers, given.CommandLine, problem => logger.LogWarning("{Problem}", problem));
        });
        services.AddSingleton(static provider =>
        {
            var given = provider.GetRequiredService<ServerOptions>();
            var settings = provider.GetRequiredService<Session>().Settings;
            var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger("Engine");
            return new CompletionEngine(given.LoadModel ?? (() => ModelLoading.Load(settings, logger, progress: null)), settings.Engine, given.Time, logger);
        });
        services.AddSingleton(static provider => new CompletionService(
            provider.GetRequiredService<CompletionEngine>(), provider.GetRequiredService<ServerOptions>().Time));
        services.AddSingleton(static provider => new LspService(provider));
        services.AddHostedService(static provider => provider.GetRequiredService<LspService>());
        return builder.Build();
    }

    /// <summary>Runs a server to its end.</summary>
    /// <returns>The exit code that the client's last messages ask for.</returns>
    public static async Task<int> RunAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        using var host = Build(options);
        var service = host.Services.GetRequiredService<LspService>();
        await host.RunAsync(cancellationToken);
        return service.ExitCode;
    }
}
