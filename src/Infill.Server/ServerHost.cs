using System.IO.Pipelines;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Gpu;
using Infill.Server.ModelChoice;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Infill.Server.Statistics;
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

    /// <summary>Where it is remembered which templates work on which models; null takes them on trust.</summary>
    public ProofMemory? Proofs { get; init; }

    /// <summary>Least level that is written to stderr.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>Loads a model, on the engine's thread; null loads the file that it is given.</summary>
    public Func<string, IModel>? LoadModel { get; init; }

    /// <summary>How far the loading is, of a model of its own.</summary>
    public LoadProgress Progress { get; init; } = new();

    /// <summary>Tries the GPU in the background where that has to be done, by the setting; null tries nothing.</summary>
    public Func<string, GpuSelection?> Gpu { get; init; } = static _ => null;

    /// <summary>What choosing a model reads and changes of the user's machine.</summary>
    public ModelPlaces Models { get; init; } = ModelPlaces.OfUser;

    /// <summary>At the engine that it shares with others; null for an engine of its own.</summary>
    public SharedSeat? Seat { get; init; }

    /// <summary>The file of the model that was chosen already, whatever the settings say; null for theirs.</summary>
    public string? ChosenModel { get; init; }

    /// <summary>Tells it from the engine's other clients.</summary>
    public int ClientNumber { get; init; } = 1;

    /// <summary>Its own requests count from here.</summary>
    public long FirstRequestId { get; init; } = 1;

    /// <summary>Folder of what can be had again but costs time; null keeps nothing from run to run.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Where it is counted what becomes of suggestions; null counts for this run alone.</summary>
    public StatisticsFile? Statistics { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How often to look whether the editor still lives.</summary>
    public TimeSpan ParentCheck { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>Hosts a conversation: signals, orderly stop, and what other services may come to need of it.</summary>
internal static class ServerHost
{
    public static IHost Build(ServerOptions options) => Build(new Conversation(options));

    /// <summary>Runs a server to its end.</summary>
    /// <returns>The exit code that the client's last messages ask for.</returns>
    public static async Task<int> RunAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        var conversation = new Conversation(options);
        await Task.WhenAny(conversation.RunAsync(), conversation.Begun); // initialize needs nothing of the host, and gets the cores
        using var host = Build(conversation);
        await host.RunAsync(cancellationToken);
        return conversation.ExitCode;
    }

    private static IHost Build(Conversation conversation)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null); // no configuration files, no default loggers: stdout stays clean
        var services = builder.Services;
        services.Configure<ConsoleLifetimeOptions>(static lifetime => lifetime.SuppressStatusMessages = true);
        services.AddSingleton(conversation.Loggers);
        services.AddSingleton(_ => conversation.Engine);
        services.AddSingleton(conversation.Context);
        services.AddSingleton(provider => new LspService(conversation, provider.GetRequiredService<IHostApplicationLifetime>()));
        services.AddHostedService(static provider => provider.GetRequiredService<LspService>());
        return builder.Build();
    }
}
