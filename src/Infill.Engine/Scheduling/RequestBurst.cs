namespace Infill.Engine.Scheduling;

/// <summary>
/// Requests that come together to an idle engine begin together: a GPU's first step of each size costs it milliseconds, and the
/// first of a burst would be computed by itself while the others wait.
/// </summary>
internal static class RequestBurst
{
    /// <summary>Of the processor's pauses, some 20 µs: who comes alone waits no longer.</summary>
    private const int Pause = 500;

    /// <summary>What comes without end is no burst.</summary>
    private const int MostPauses = 10;

    /// <summary>Engine thread: returns when a pause has brought no further request.</summary>
    public static void Await(EngineInbox inbox) => Await(() => inbox.RequestCount, static () => Thread.SpinWait(Pause));

    /// <param name="count">Requests that are there.</param>
    /// <param name="pause">Waits a little.</param>
    internal static void Await(Func<int> count, Action pause)
    {
        var seen = count();
        for (var pauses = 0; seen > 0 && pauses < MostPauses; pauses++)
        {
            pause();
            var now = count();
            if (now <= seen) return;
            seen = now;
        }
    }
}
