namespace Infill.Tests.Scenarios;

/// <summary>Holds the engine thread at one point until the test has arranged what it wants to happen there.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _monitor = new();
    private bool _open; // guarded by _monitor

    /// <summary>Completes when the engine thread stands at the gate.</summary>
    public Task Reached => _reached.Task.WaitAsync(Patience.Limit);

    public void Open()
    {
        lock (_monitor)
        {
            _open = true;
            Monitor.PulseAll(_monitor);
        }
    }

    /// <summary>Engine thread: waits here. A test that forgot to open the gate fails by name rather than hanging.</summary>
    public void Pass()
    {
        _reached.TrySetResult();
        lock (_monitor)
        {
            while (!_open)
            {
                if (!Monitor.Wait(_monitor, Patience.Limit)) throw new TimeoutException("A test left a gate closed.");
            }
        }
    }
}

/// <summary>How long a test waits for what should be immediate: only a failing test ever comes near it.</summary>
internal static class Patience
{
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(10);
}
