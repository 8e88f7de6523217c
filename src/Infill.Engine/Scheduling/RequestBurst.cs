using System.Diagnostics;

namespace Infill.Engine.Scheduling;

/// <summary>
/// Requests that come together to an idle engine begin together: a GPU's first step of each size costs it milliseconds, and the
/// first of a burst would be computed by itself while the others wait.
/// </summary>
internal static class RequestBurst
{
    /// <summary>Who comes alone waits no longer. With 20 µs bursts of eight were taken apart, with 60 still one of five on a slow host: a caller is held up between two of its requests.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMicroseconds(100);

    /// <summary>What comes without end is no burst.</summary>
    private const int MostPauses = 10;

    /// <summary>Engine thread: returns when a pause has brought no further request.</summary>
    public static void Await(EngineInbox inbox) => Await(() => inbox.RequestCount, static () => Pause());

    /// <remarks>Awake: to be woken again takes as long.</remarks>
    private static void Pause()
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < s_pause) Thread.SpinWait(20);
    }

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
