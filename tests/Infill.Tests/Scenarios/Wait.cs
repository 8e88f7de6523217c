namespace Infill.Tests.Scenarios;

/// <summary>Waits for what another process or the network brings about, and nothing here can be told of.</summary>
internal static class Wait
{
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var patience = new CancellationTokenSource(TestEditor.Limit);
        while (!await isSo()) await timer.WaitForNextTickAsync(patience.Token);
    }
}
