using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Lifetime;

/// <summary>One copy of the model: its thread, and the inbox through which that hears of requests. Any thread.</summary>
internal sealed class EngineReplica : IAsyncDisposable
{
    private int _requests;

    /// <summary>Starts the thread, which loads the model first.</summary>
    /// <param name="load">Called on that thread, which owns the model from then on.</param>
    /// <param name="options">Budgets and limits of this replica.</param>
    /// <param name="time">Clock of limits and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    public EngineReplica(Func<IModel> load, EngineOptions options, TimeProvider time, ILogger logger) =>
        Thread = new EngineThread(load, options, Inbox, time, logger);

    public EngineInbox Inbox { get; } = new();

    public EngineThread Thread { get; }

    /// <summary>What can serve: null before the model is loaded, and once the thread has failed.</summary>
    public EngineLoop? Loop => Thread.Fault is null ? Thread.Loop : null;

    /// <summary>Requests that were sent here and are read; a momentary figure.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public void Enter() => Interlocked.Increment(ref _requests);

    public void Leave() => Interlocked.Decrement(ref _requests);

    public ValueTask DisposeAsync() => Thread.DisposeAsync();
}
