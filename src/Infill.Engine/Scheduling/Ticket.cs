namespace Infill.Engine.Scheduling;

/// <summary>One submitted request, between the caller's thread and the engine's.</summary>
/// <remarks>
/// The caller, or the clock for it, may <see cref="Stop"/> at any time, from any thread; the first reason counts. The engine alone writes
/// <see cref="Output"/>, never waits for it to be read, and completes it after the last chunk, exactly once.
/// </remarks>
internal sealed class Ticket(GenerationRequest request, EngineInbox inbox, long submittedAt) : IDisposable
{
    private Sequence? _sequence;
    private int _stop; // a FinishReason; written once by any thread

    public GenerationRequest Request { get; } = request;

    /// <summary>When it was submitted, as the engine's <see cref="TimeProvider"/> counts.</summary>
    public long SubmittedAt { get; } = submittedAt;

    /// <summary>Written by the engine thread, read by the caller.</summary>
    public TextStream Output { get; } = new();

    /// <summary>Told of the last chunk, on the engine thread, whether or not anybody reads it. Set before the ticket is submitted.</summary>
    public Action<GenerationChunk>? Ended { get; set; }

    /// <summary>Its state, once the engine thread has taken it in. Written by that thread; others may read single figures of it, as of a moment.</summary>
    public Sequence? Sequence { get => Volatile.Read(ref _sequence); set => Volatile.Write(ref _sequence, value); }

    /// <summary><see cref="FinishReason.None"/> until somebody asked to stop.</summary>
    public FinishReason StopAsked => (FinishReason)Volatile.Read(ref _stop);

    /// <summary>Engine thread: this is the end of it.</summary>
    public void Complete(GenerationChunk last)
    {
        Ended?.Invoke(last); // first: who has read the end may look for what is known of it
        Output.Complete(last);
    }

    public void Stop(FinishReason reason)
    {
        if (Interlocked.CompareExchange(ref _stop, (int)reason, (int)FinishReason.None) == (int)FinishReason.None) inbox.Wake(stopped: true);
    }

    /// <summary>Nobody reads on: the sequence stops, unless it has finished.</summary>
    public void Dispose() => Stop(FinishReason.Cancelled);
}
