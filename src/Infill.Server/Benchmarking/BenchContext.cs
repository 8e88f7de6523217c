using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Server.Benchmarking.Peers;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Benchmarking;

/// <summary>What every part needs: who is measured, with what, and the manners between them.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Settings">Our side's: the defaults, and the model.</param>
/// <param name="Peers">Connected.</param>
/// <param name="Logger">For the engine's failures.</param>
/// <param name="Progress">Told what is being done.</param>
internal sealed record BenchContext(
    BenchOptions Options, InfillSettings Settings, IReadOnlyList<PeerClient> Peers, ILogger Logger, Action<string> Progress)
{
    /// <summary>
    /// llama-server's threads spin on for a tenth of a second after their last batch, and one side's spinning threads would
    /// be the other's noise.
    /// </summary>
    private static readonly TimeSpan BetweenSides = TimeSpan.FromMilliseconds(250);

    /// <summary>Lets the side that was measured last fall asleep.</summary>
    public static Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(BetweenSides, cancellationToken);

    /// <summary>An engine of our own in this process, loaded.</summary>
    /// <exception cref="EngineException">The model could not be loaded.</exception>
    public async Task<CompletionEngine> StartEngineAsync(EngineOptions options, CancellationToken cancellationToken)
    {
        var settings = Settings with { Engine = options };
        var engine = new CompletionEngine(replica => ModelLoading.Load(settings, Logger, progress: null, replica), options, TimeProvider.System, Logger);
        try
        {
            await engine.Ready.WaitAsync(cancellationToken);
            await engine.AllLoaded.WaitAsync(cancellationToken);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>The weights alone, for the bare loop.</summary>
    /// <exception cref="EngineException">The model could not be loaded.</exception>
    public LlamaModel LoadModel() => ModelLoading.LoadBare(Settings, Logger);
}
