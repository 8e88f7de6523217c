using Infill.Engine;
using Infill.Models.Gpu;
using Infill.Server.ModelChoice;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Gpu;

/// <summary>Tries what has to be tried while the processor suggests, and then has the model put on the GPU.</summary>
/// <param name="selection">Decides.</param>
/// <param name="setting">As <see cref="Settings.InfillSettings.Gpu"/>.</param>
/// <param name="logger">Receives what was decided.</param>
internal sealed class BackgroundProbe(GpuSelection selection, Func<string> setting, ILogger logger)
{
    /// <summary>Does nothing where all is known.</summary>
    /// <param name="show">Begins to show it to the user; null shows nothing.</param>
    /// <param name="use">Has the model loaded again, with what was chosen; null leaves that to the next start.</param>
    /// <param name="cancelled">Ends it, where nothing is shown.</param>
    public async Task RunAsync(Func<Work>? show, Func<Task>? use, CancellationToken cancelled)
    {
        if (selection.Decide(setting()).Next is null) return;
        using var work = show?.Invoke();
        try
        {
            var decision = await selection.DecideByTryingAsync(setting(), (library, stage) =>
            {
                if (Describe(library, stage) is { } part) work?.Enter(part);
            }, work?.Cancelled ?? cancelled);
            logger.LogInformation("What computes: {Summary}{When}.", decision.Summary, decision.Chosen is not null && use is null ? ", from the next start" : "");
            work?.End(decision.Chosen is null ? decision.Summary : $"{decision.Chosen.Library.Title} computes");
            if (decision.Chosen is not null && use is not null) await use();
        }
        catch (OperationCanceledException)
        {
            work?.End("stopped; the processor computes");
        }
        catch (EngineException e)
        {
            logger.LogError("The GPU is not used: {Reason}", e.Message);
        }
    }

    /// <returns>Null for a stage that is no news.</returns>
    private static string? Describe(GpuLibrary library, TrialStage stage) => stage switch
    {
        TrialStage.Placed => $"{library.Title}: compiling GPU kernels, once",
        TrialStage.Computed => $"{library.Title}: comparing with the processor",
        TrialStage.Begun => $"{library.Title}: trying it",
        _ => null,
    };
}
