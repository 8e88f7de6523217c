using Infill.Engine.Llama;
using Infill.Models.Gpu;

namespace Infill.Server.Gpu;

/// <summary>A library that may be used, and what is known of it.</summary>
/// <param name="Library">One of the catalogue.</param>
/// <param name="Installed">Null where it isn't.</param>
/// <param name="Result">Null where it wasn't tried, as things are now.</param>
internal sealed record GpuCandidate(GpuLibrary Library, InstalledGpuLibrary? Installed, ProbeResult? Result);

/// <summary>What computes, and why.</summary>
/// <param name="Chosen">Null for the processor.</param>
/// <param name="Next">What has to be tried before more can be said; null where all is said. The processor computes meanwhile.</param>
/// <param name="Summary">One line for the user: what computes, and why nothing that would go before it does.</param>
/// <param name="Remedy">What to do to have a GPU compute; null where one does, or there is nothing to do.</param>
/// <param name="IsAmiss">Whether what the user asked for, or installed, can't be had.</param>
internal sealed record GpuDecision(InstalledGpuLibrary? Chosen, InstalledGpuLibrary? Next, string Summary, string? Remedy, bool IsAmiss)
{
    /// <summary>For the engine; null for the processor.</summary>
    public GpuPlugin? Plugin => Chosen is null ? null : new GpuPlugin(BackendOf(Chosen.Library), Chosen.Path);

    public static GpuBackend BackendOf(GpuLibrary library) => library.Name switch
    {
        "cuda" => GpuBackend.Cuda,
        "cuda12" => GpuBackend.Cuda12,
        "vulkan" => GpuBackend.Vulkan,
        _ => GpuBackend.Other,
    };
}

/// <summary>Candidates and a setting → what computes: the first that proved itself, in the catalogue's order, else the processor. Pure.</summary>
internal static class GpuChoice
{
    public const string Auto = "auto", Off = "off";

    /// <param name="setting"><c>auto</c>, <c>off</c>, or a library's name.</param>
    /// <param name="candidates">All of this machine's, in the order in which they are tried.</param>
    /// <param name="wanted">The names of those that a look at the machine suggests; none where it shows no GPU.</param>
    public static GpuDecision Of(string setting, IReadOnlyList<GpuCandidate> candidates, Func<IReadOnlyList<string>> wanted)
    {
        if (setting == Off) return Processor("the setting 'gpu' is off");
        var isAsked = setting != Auto;
        if (isAsked) candidates = [.. candidates.Where(candidate => candidate.Library.Name == setting)];
        if (isAsked && candidates is not [{ Installed: not null }])
        {
            return Processor($"the setting 'gpu' is {setting}, which is not installed", candidates.Count > 0 ? $"'infill gpu install {setting}'" : "set it to auto", isAmiss: true);
        }

        var failed = new List<GpuCandidate>();
        foreach (var candidate in candidates)
        {
            if (candidate.Installed is null) continue;
            if (candidate.Result is null) return Processor(Because(failed, $"{candidate.Library.Title} is installed and has not been tried as things are now"), "'infill gpu probe', or wait until a server has done that") with { Next = candidate.Installed };
            if (candidate.Result.Works && (isAsked || !candidate.Result.IsSlow))
            {
                return new GpuDecision(candidate.Installed, null, $"{candidate.Library.Title} on {candidate.Result.Where}, {candidate.Result.Reason}{Because(failed)}", null, IsAmiss: false);
            }

            failed.Add(candidate);
        }

        if (failed.Count > 0) return Processor(Because(failed, ""), failed.Select(static candidate => candidate.Result!.Remedy).FirstOrDefault(static remedy => remedy is not null), failed.Any(static candidate => !candidate.Result!.Works));
        return candidates.Count > 0 && wanted() is { Count: > 0 }
            ? Processor("no GPU library is installed", "'infill gpu install' fetches what fits this machine")
            : Processor("this machine shows no GPU that could be used");
    }

    private static GpuDecision Processor(string why, string? remedy = null, bool isAmiss = false) => new(null, null, $"the processor; {why}", remedy, isAmiss);

    private static string Because(List<GpuCandidate> failed, string then)
    {
        var why = string.Join("; ", failed.Select(Why));
        return why.Length == 0 ? then : then.Length == 0 ? why : $"{why}; {then}";
    }

    private static string Because(List<GpuCandidate> failed) => failed.Count == 0 ? "" : $" ({Because(failed, "")})";

    private static string Why(GpuCandidate candidate) => candidate.Result is { Works: true } slow
        ? $"{candidate.Library.Title} is slower here: {slow.Reason}"
        : $"{candidate.Library.Title}: {candidate.Result!.Reason}";
}
