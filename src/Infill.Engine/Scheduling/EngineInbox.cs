using System.Collections.Concurrent;

namespace Infill.Engine.Scheduling;

/// <summary>The one way into the engine thread. Any thread may submit, stop or ask; the engine thread takes.</summary>
/// <remarks>Closed, it turns away what nobody would ever take; what had been let in before is still taken.</remarks>
internal sealed class EngineInbox : IDisposable
{
    private readonly Lock _gate = new(); // orders letting in and closing; held for one enqueue
    private readonly ConcurrentQueue<Ticket> _submitted = new();
    private readonly ConcurrentQueue<Action> _questions = new();
    private readonly List<Action> _taken = []; // engine thread
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 0); // an idle engine uses no CPU
    private bool _closed; // guarded by _gate
    private int _stops;

    /// <summary>Grows with every stop that was asked for: the abort callback looks here, some hundred times a step.</summary>
    public int Stops => Volatile.Read(ref _stops);

    /// <returns>False once closed: the engine thread will never see the ticket.</returns>
    public bool TrySubmit(Ticket ticket) => TryLetIn(_submitted, ticket);

    /// <summary>Has the engine thread run <paramref name="question"/>, which must not throw, between two steps.</summary>
    /// <returns>False once closed.</returns>
    public bool TryAsk(Action question) => TryLetIn(_questions, question);

    public void Wake(bool stopped)
    {
        if (stopped) Interlocked.Increment(ref _stops);
        _wake.Set();
    }

    /// <summary>Engine thread only, when it ends: before it takes for the last time.</summary>
    public void Close()
    {
        lock (_gate) _closed = true;
    }

    /// <summary>Requests that were submitted and not taken yet; a momentary figure.</summary>
    public int RequestCount => _submitted.Count;

    /// <summary>Whether somebody has submitted a request that was not taken yet.</summary>
    public bool HasRequests => !_submitted.IsEmpty;

    /// <summary>The same of requests and questions.</summary>
    public bool HasSomething => HasRequests || !_questions.IsEmpty;

    /// <summary>Engine thread only: blocks until something was submitted, stopped or asked since the last take.</summary>
    public void Wait() => _wake.Wait();

    /// <summary>Engine thread only, before it takes: what comes from now on wakes it again.</summary>
    public void Reset() => _wake.Reset();

    public bool TryTake(out Ticket ticket) => _submitted.TryDequeue(out ticket!);

    /// <summary>Engine thread only: takes the questions that were asked so far, to be answered later in this turn.</summary>
    public void TakeQuestions()
    {
        while (_questions.TryDequeue(out var question))
        {
            _taken.Add(question);
        }
    }

    /// <summary>Engine thread only.</summary>
    public void AnswerQuestions()
    {
        foreach (var question in _taken)
        {
            question();
        }

        _taken.Clear();
    }

    public void Dispose() => _wake.Dispose();

    private bool TryLetIn<T>(ConcurrentQueue<T> queue, T item)
    {
        lock (_gate)
        {
            if (_closed) return false;
            queue.Enqueue(item);
        }

        Wake(stopped: false);
        return true;
    }
}
