using System.Diagnostics.Metrics;

namespace Infill.Server.Handlers;

/// <summary>What editors were given, on the meter <c>Infill.Server</c>. Any thread.</summary>
internal static class AnswerMetrics
{
    private static readonly Meter s_meter = new("Infill.Server");
    private static readonly Counter<long> s_given = s_meter.CreateCounter<long>("infill.given", "{request}", "Suggestions that went to an editor.");
    private static readonly Counter<long> s_late = s_meter.CreateCounter<long>("infill.given.late", "{request}", "Of those, the ones for a text that the editor had changed already.");

    /// <summary>A suggestion for a place goes to the editor now.</summary>
    public static void Give(DocumentPlace place, Session session)
    {
        s_given.Add(1);
        if (!place.IsCurrent(session)) s_late.Add(1);
    }
}
