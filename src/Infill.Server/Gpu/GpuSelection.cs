using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models.Gpu;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Gpu;

/// <summary>Which GPU library this machine's programs use: what is installed, what is remembered of it, and trying what isn't. Any thread.</summary>
/// <param name="store">The user's libraries.</param>
/// <param name="memory">What came of trying them.</param>
/// <param name="marks">Processes that were lost over them.</param>
/// <param name="probe">Tries them.</param>
/// <param name="machine">As it is now.</param>
/// <param name="canLoad">Whether the loader finds a library of that name.</param>
internal sealed class GpuSelection(GpuStore store, ProbeMemory memory, LoadMarks marks, GpuProbe probe, Func<GpuMachine> machine, Func<string, bool> canLoad)
{
    public static GpuSelection OfUser => new(GpuStore.OfUser, new ProbeMemory(Folder), new LoadMarks(Folder, ParentProcess.IsSeen), GpuProbe.OfProgram, static () => GpuMachine.Current, GpuMachine.CanLoad);

    /// <summary>Null where there is nothing to select from, which a start finds out without reading the catalogue or looking for drivers.</summary>
    /// <param name="setting">As <see cref="InfillSettings.Gpu"/>: one that names a library wants to hear that it isn't there.</param>
    public static GpuSelection? OfUserFor(string setting) =>
        setting == GpuChoice.Off || (setting == GpuChoice.Auto && !Directory.Exists(GpuStore.FolderOfUser)) ? null : OfUser;

    private static string Folder => Path.Combine(SettingsSources.CacheFolder, "gpu");

    public GpuStore Store => store;

    /// <returns>What is known of a library as things are now; null where it isn't installed, or was never tried.</returns>
    public ProbeResult? Known(GpuLibrary library) => store.Find(library) is { } installed ? Known(installed, machine()) : null;

    /// <summary>By what is remembered: it starts nothing, and costs a look at some files.</summary>
    /// <param name="setting">As <see cref="InfillSettings.Gpu"/>.</param>
    public GpuDecision Decide(string setting)
    {
        var installed = setting == GpuChoice.Off ? [] : store.List();
        var now = installed.Count > 0 ? machine() : null;
        return GpuChoice.Of(setting, [.. store.Catalog.Here.Select(Candidate)], () => GpuMachine.Wanted(canLoad));

        GpuCandidate Candidate(GpuLibrary library)
        {
            var there = installed.FirstOrDefault(each => each.Library == library);
            return new GpuCandidate(library, there, there is null ? null : Known(there, now!));
        }
    }

    /// <summary>Tries what has to be tried, until there is a decision.</summary>
    /// <param name="setting">As above.</param>
    /// <param name="reached">Told what is tried, and how far that is; any thread.</param>
    /// <param name="cancellationToken">Ends it; what was found out by then is remembered.</param>
    public async Task<GpuDecision> DecideByTryingAsync(string setting, Action<GpuLibrary, TrialStage> reached, CancellationToken cancellationToken)
    {
        while (true)
        {
            var decision = Decide(setting);
            if (decision.Next is not { } next) return decision;
            var result = await TryAsync(next, stage => reached(next.Library, stage), cancellationToken);
            if (Known(next, machine()) is null) return decision with { Next = null, Summary = $"the processor; what {next.Library.Title} can do can't be remembered: {result.Reason}" };
        }
    }

    /// <summary>Tries a library, whatever is remembered, and remembers what came of it.</summary>
    public async Task<ProbeResult> TryAsync(InstalledGpuLibrary installed, Action<TrialStage> reached, CancellationToken cancellationToken)
    {
        var before = machine();
        marks.Clear(installed.Library.Name);
        var result = await probe.RunAsync(installed, reached, cancellationToken);
        memory.Remember(installed, before, result);
        return result;
    }

    /// <summary>Loads llama.cpp with what was decided; where that fails here although it had proved itself, without.</summary>
    /// <returns>llama.cpp, and what computes beside the processor; null for nothing.</returns>
    /// <exception cref="EngineException">llama.cpp itself can't be loaded.</exception>
    public (LlamaLibrary Library, InstalledGpuLibrary? Used) Load(string setting, ILogger logger)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(LlamaLibrary.DirectoryVariable))) return (LlamaLibrary.Load(logger), null); // its user knows what is in there
        var decision = Decide(setting);
        if (decision.Plugin is { } plugin)
        {
            try
            {
                var library = LlamaLibrary.Load(logger, plugin);
                logger.LogInformation("What computes: {Summary}.", decision.Summary);
                return (library, decision.Chosen);
            }
            catch (EngineException e)
            {
                logger.LogWarning("The GPU is not used: {Reason}", e.Message);
            }
        }
        else if (decision.IsAmiss)
        {
            logger.LogWarning("What computes: {Summary}. To change that: {Remedy}.", decision.Summary, decision.Remedy);
        }

        return (LlamaLibrary.Load(logger), null);
    }

    /// <summary>Marks this process as one that puts a model on a GPU, until the result is disposed.</summary>
    public IDisposable Mark(InstalledGpuLibrary used) => marks.Begin(used.Library.Name);

    private ProbeResult? Known(InstalledGpuLibrary installed, GpuMachine now)
    {
        if (!installed.IsWhole) return ProbeOutcome.Damaged(installed.Library);
        var known = memory.Find(installed, now);
        return known is { Works: true } && marks.Lost(installed.Library.Name) >= LoadMarks.Most ? ProbeOutcome.Lost(known) : known;
    }
}
