using System.Diagnostics.Metrics;

namespace Infill.Completion.Typing;

/// <summary>What became of generations that an edit agreed with, on the meter <c>Infill.Completion</c>. Any thread.</summary>
internal static class TypingMetrics
{
    private static readonly Meter s_meter = new("Infill.Completion");

    public static Counter<long> Kept { get; } = Count("infill.kept", "Generations that an edit agreed with, kept for the next request.");

    public static Counter<long> Adopted { get; } = Count("infill.kept.adopted", "Of those, the ones that it took over.");

    public static Counter<long> AdoptedLate { get; } = Count("infill.kept.adopted_late", "Of those, the ones that it took over when they should have been stopped.");

    public static Counter<long> Ended { get; } = Count("infill.kept.ended", "Of those kept, the ones that came to their end first, and are known to the next request.");

    public static Counter<long> Wasted { get; } = Count("infill.kept.wasted", "Of those kept, the ones that were stopped as nobody took them over.");

    private static Counter<long> Count(string name, string description) => s_meter.CreateCounter<long>(name, "{request}", description);
}
