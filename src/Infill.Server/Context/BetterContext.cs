namespace Infill.Server.Context;

/// <summary>The look for a better choice of context that goes on behind the answers: one at a time, and none for a document that is closed. Any thread.</summary>
internal sealed class BetterContext
{
    private readonly Lock _gate = new();
    private Look? _look; // guarded by _gate; null once it has ended

    /// <summary>Completes when none is under way any more.</summary>
    public Task Looked { get; private set; } = Task.CompletedTask;

    /// <summary>Returns at once; does nothing where one is under way.</summary>
    /// <param name="key">The document's.</param>
    /// <param name="isOpen">Whether the document still is; false before <see cref="Closed"/> is called.</param>
    /// <param name="look">Given a token that is cancelled when the document is closed.</param>
    public void Begin(string key, Func<bool> isOpen, Func<CancellationToken, Task> look)
    {
        lock (_gate)
        {
            if (_look is not null || !isOpen()) return;
            var begun = _look = new Look(key, new CancellationTokenSource());
            Looked = Task.Run(() => RunAsync(begun, look));
        }
    }

    /// <summary>Nothing is looked for any more for a document that was closed.</summary>
    public void Closed(string key)
    {
        lock (_gate)
        {
            if (_look?.Key == key) _look.Stop.Cancel();
        }
    }

    private async Task RunAsync(Look begun, Func<CancellationToken, Task> look)
    {
        try
        {
            await look(begun.Stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Closed meanwhile.
        }
        finally
        {
            lock (_gate)
            {
                _look = null;
                begun.Stop.Dispose();
            }
        }
    }

    private sealed record Look(string Key, CancellationTokenSource Stop);
}
