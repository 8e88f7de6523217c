using System.Collections.Concurrent;

namespace Infill.Engine.Scheduling;

/// <summary>The one way into the engine thread. Any thread may submit, stop or ask; the engine thread takes.</summary>
internal sealed class EngineInbox : IDisposable
{
    private readonly ConcurrentQueue<Ticket> _submitted = new();
    private readonly ConcurrentQueue<Action> _questions = new();
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 0); // an idle engine uses no CPU
    private int _stops;

    /// <summary>Grows with every stop that was asked for: the abort callback looks here, some hundred times a step.</summary>
    public int Stops => Volatile.Read(ref _stops);

    public void Submit(Ticket ticket)
    {
        _submitted.Enqueue(ticket);
        Wake(stopped: false);
    }

    /// <summary>Has the engine thread run <paramref name="question"/> between two steps.</summary>
    public void Ask(Action question)
    {
        _questions.Enqueue(question);
        Wake(stopped: false);
    }

    public void Wake(bool stopped)
    {
        if (stopped) Interlocked.Increment(ref _stops);
        _wake.Set();
    }

    /// <summary>Engine thread only: blocks until something was submitted, stopped or asked since the last take.</summary>
    public void Wait() => _wake.Wait();

    /// <summary>Engine thread only, before it takes: what comes from now on wakes it again.</summary>
    public void Reset() => _wake.Reset();

    public bool TryTake(out Ticket ticket) => _submitted.TryDequeue(out ticket!);

    public bool TryTakeQuestion(out Action question) => _questions.TryDequeue(out question!);

    public void Dispose() => _wake.Dispose();
}
