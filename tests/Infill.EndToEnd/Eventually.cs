using System.Diagnostics;

namespace Infill.EndToEnd;

/// <summary>Waits for what another program does in its own time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks again and again until there is something to see.</summary>
    /// <param name="look">What is seen now; null where it isn't there yet.</param>
    /// <param name="story">What to tell where it never comes.</param>
    public static async Task<T> GetAsync<T>(Func<Task<T?>> look, Func<Task<string>> story)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await look() is { } seen) return seen;
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException(await story());
            await Task.Delay(Pause);
        }
    }
}
