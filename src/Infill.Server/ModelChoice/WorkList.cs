using System.Collections.Concurrent;
using Infill.Protocol.Lsp;

namespace Infill.Server.ModelChoice;

/// <summary>What the editor shows progress of, and may stop. Any thread.</summary>
internal sealed class WorkList(ClientLink client, TimeProvider time)
{
    private readonly ConcurrentDictionary<ProgressToken, Work> _running = new();
    private int _lastToken;

    /// <summary>Begins to show a piece of work; it is over when the result is disposed.</summary>
    /// <param name="given">Where the client wants to see it; null asks the client for a place.</param>
    /// <param name="mayAsk">Whether the client can be asked.</param>
    /// <param name="title">What goes on.</param>
    /// <param name="cancelled">The request's own end.</param>
    public Work Begin(ProgressToken? given, bool mayAsk, string title, CancellationToken cancelled)
    {
        var token = given ?? new ProgressToken($"infill.work.{Interlocked.Increment(ref _lastToken)}");
        var work = new Work(client, time, token, title, () => _running.TryRemove(token, out _), cancelled);
        _running[token] = work;
        if (given is not null) work.Show();
        else if (mayAsk) work.ShowIfWelcome();
        return work;
    }

    /// <summary>The client's user wants no more of it. What isn't known has ended.</summary>
    public void Cancel(ProgressToken token)
    {
        if (_running.TryGetValue(token, out var work)) work.Cancel();
    }
}
