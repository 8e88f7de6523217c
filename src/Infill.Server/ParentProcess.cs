using System.Diagnostics;

namespace Infill.Server;

/// <summary>The process that started the server, as the client names it.</summary>
internal static class ParentProcess
{
    /// <summary>Whether the process can be seen from here: one of another machine or container can't, which says nothing of its life.</summary>
    public static bool IsSeen(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException) // ended before or while we look
        {
            return false;
        }
    }

    /// <summary>Looks now and then whether a process lives, and tells once when it doesn't.</summary>
    public static async Task WatchAsync(int processId, TimeSpan interval, Action gone, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (IsSeen(processId)) continue;
                gone();
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The conversation ended first.
        }
    }
}
