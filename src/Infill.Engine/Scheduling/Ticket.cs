using System.Threading.Channels;

namespace Infill.Engine.Scheduling;

/// <summary>One submitted request, between the caller's thread and the engine's.</summary>
/// <remarks>
/// The caller, or the clock for it, may <see cref="Stop"/> at any time, from any thread; the first reason counts. The engine alone writes
/// <see cref="Chunks"/>, never waits for it to be read, and completes it after the last chunk, exactly once.
/// </remarks>
internal sealed class Ticket(GenerationRequest request, EngineInbox inbox, long submittedAt) : IDisposable
{
    private readonly Channel<GenerationChunk> _chunks = Channel.CreateUnbounded<GenerationChunk>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private int _stop; // a FinishReason; written once by any thread

    public GenerationRequest Request { get; } = request;

    /// <summary>When it was submitted, as the engine's <see cref="TimeProvider"/> counts.</summary>
    public long SubmittedAt { get; } = submittedAt;

    public ChannelReader<GenerationChunk> Chunks => _chunks.Reader;

    /// <summary><see cref="FinishReason.None"/> until somebody asked to stop.</summary>
    public FinishReason StopAsked => (FinishReason)Volatile.Read(ref _stop);

    public void Stop(FinishReason reason)
    {
        if (Interlocked.CompareExchange(ref _stop, (int)reason, (int)FinishReason.None) == (int)FinishReason.None) inbox.Wake(stopped: true);
    }

    /// <summary>Nobody reads on: the sequence stops, unless it has finished.</summary>
    public void Dispose() => Stop(FinishReason.Cancelled);

    /// <summary>Engine thread only.</summary>
    public void Write(GenerationChunk chunk) => _chunks.Writer.TryWrite(chunk);

    /// <summary>Engine thread only: the last chunk.</summary>
    public void Complete(GenerationChunk last)
    {
        _chunks.Writer.TryWrite(last);
        _chunks.Writer.TryComplete();
    }
}
