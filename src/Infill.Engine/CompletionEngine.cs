using System.Runtime.CompilerServices;
using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine;

/// <summary>Owns the engine thread: requests from any thread go in through its inbox, text comes out of a channel each.</summary>
public sealed class CompletionEngine : IAsyncDisposable
{
    private readonly EngineInbox _inbox = new();
    private readonly EngineThread _thread;
    private readonly LiveRequests _live;
    private readonly TimeProvider _time;

    /// <summary>Starts the engine thread, which loads the model first.</summary>
    /// <param name="load">Loads the model; called on the engine thread, which owns it from then on and disposes it.</param>
    /// <param name="options">Budgets and limits.</param>
    /// <param name="time">Clock of deadlines and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    public CompletionEngine(Func<IModel> load, EngineOptions options, TimeProvider time, ILogger logger)
    {
        _time = time;
        _live = new LiveRequests(time);
        _thread = new EngineThread(load, options, _inbox, time, logger);
    }

    /// <summary>The model's vocabulary once it is loaded; faults with <see cref="EngineException"/> if it can't be.</summary>
    public Task<IVocabulary> Ready => _thread.Ready;

    /// <summary>The same, or null while there is none.</summary>
    public IVocabulary? Vocabulary => _thread.Loop?.Limits.Vocabulary;

    /// <summary>Tokens that a prompt and its completion may have together; known once <see cref="Ready"/> has completed.</summary>
    public int MaxSequenceTokens => _thread.Loop?.Limits.SequenceTokens ?? 0;

    /// <summary>Requests that run now; 0 before the model is loaded. A momentary figure, from any thread.</summary>
    public int RunningRequests => _thread.Loop?.RunningCount ?? 0;

    /// <summary>Where every request stands that the engine has taken, the oldest first. Any thread, at any time; it holds up nobody.</summary>
    public IReadOnlyList<RequestSnapshot> Snapshot() => _live.Snapshot();

    /// <summary>The requests that ended last, the latest first: a few dozen at most. Any thread.</summary>
    public IReadOnlyList<FinishedRequest> RecentlyFinished() => _live.Finished();

    /// <summary>Requests that run and prefixes that are kept, together: how many the KV cache has room for, once the model is loaded.</summary>
    public int MaxSequences => _thread.Loop?.Cache.Slots.Count ?? 0;

    /// <summary>Streams the completion as it is decoded. Nothing is decoded until enumeration starts.</summary>
    /// <remarks>
    /// The last chunk says why it ended; a cancelled token ends it as <see cref="FinishReason.Cancelled"/> rather than by an
    /// exception. Breaking out of the enumeration stops the sequence too. A chunk is all the text that came since the one before:
    /// who reads slowly gets fewer, loses nothing and holds up nobody.
    /// </remarks>
    /// <exception cref="EngineException">The model could not be loaded, or the prompt doesn't fit it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the model was loaded.</exception>
    public async IAsyncEnumerable<GenerationChunk> GenerateAsync(
        GenerationRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var submittedAt = _time.GetTimestamp();
        request = request with { Prompt = [.. request.Prompt], ShorterPrompts = [.. request.ShorterPrompts] }; // the lists are the caller's, who may go on using them
        if (await WaitForModelAsync(request, cancellationToken).ConfigureAwait(false) is not FinishReason.None and var ended)
        {
            yield return NeverRun(request, ended, submittedAt);
            yield break;
        }

        _thread.Loop!.Limits.Validate(request);

        // Disposing the ticket stops the sequence, so breaking out early frees its slot too.
        using var ticket = new Ticket(request, _inbox, submittedAt);
        using var cancelled = cancellationToken.Register(static state => ((Ticket)state!).Stop(FinishReason.Cancelled), ticket);
        using var superseded = request.Superseded.Register(static state => ((Ticket)state!).Stop(FinishReason.Superseded), ticket);
        using var deadline = StopAtDeadline(ticket);
        using var listed = _live.Add(ticket);
        if (!_inbox.TrySubmit(ticket))
        {
            listed.End();
            yield return NeverRun(request, _thread.Fault is null ? FinishReason.Cancelled : FinishReason.Faulted, submittedAt);
            yield break;
        }

        // Not cancelled here: the last chunk comes in any case, and says why and what it cost.
        await foreach (var chunk in ticket.Output.ReadAllAsync().ConfigureAwait(false))
        {
            yield return chunk;
        }
    }

    /// <summary>Has the engine thread look at its own state between two steps. For tests and status.</summary>
    /// <exception cref="ObjectDisposedException">The engine has ended.</exception>
    internal async Task<T> InspectAsync<T>(Func<EngineLoop, T> look)
    {
        await Ready.ConfigureAwait(false);
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        ObjectDisposedException.ThrowIf(!_inbox.TryAsk(Answer), this);
        return await answer.Task.ConfigureAwait(false);

        void Answer()
        {
            try
            {
                answer.SetResult(look(_thread.Loop!));
            }
            catch (Exception e) // whatever a look does wrong belongs to who asked, never to the engine thread
            {
                answer.SetException(e);
            }
        }
    }

    /// <summary>Stops every request, frees the model and ends the thread.</summary>
    public ValueTask DisposeAsync() => _thread.DisposeAsync();

    /// <summary>Until the model is loaded, the engine thread hears nothing: what ends a request in that time is seen to here.</summary>
    /// <returns><see cref="FinishReason.None"/> when the model is there.</returns>
    private async Task<FinishReason> WaitForModelAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        if (!Ready.IsCompleted)
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, request.Superseded);
            var patience = request.Deadline is { } deadline
                ? Countable(deadline)
                : Timeout.InfiniteTimeSpan;
            await ((Task)Ready).WaitAsync(patience, _time, ended.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (Ready.IsCompleted)
        {
            await Ready.ConfigureAwait(false);
            return FinishReason.None;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return request.Superseded.IsCancellationRequested ? FinishReason.Superseded : FinishReason.Deadline;
    }

    /// <summary>The clock stops a request as its caller would: nothing that serves it needs to look at the time.</summary>
    private ITimer? StopAtDeadline(Ticket ticket)
    {
        if (ticket.Request.Deadline is not { } deadline) return null;
        var left = deadline - _time.GetElapsedTime(ticket.SubmittedAt);
        if (left > TimeSpan.Zero)
        {
            return _time.CreateTimer(
                static state => ((Ticket)state!).Stop(FinishReason.Deadline), ticket, Countable(left), Timeout.InfiniteTimeSpan);
        }

        ticket.Stop(FinishReason.Deadline);
        return null;
    }

    /// <summary>What a timer can count: 24 days stand for ever.</summary>
    private static TimeSpan Countable(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Clamp(time.TotalMilliseconds, 0, int.MaxValue));

    private GenerationChunk NeverRun(GenerationRequest request, FinishReason reason, long submittedAt) =>
        new("", reason, new Usage(request.Prompt.Count, 0, 0, 0, _time.GetElapsedTime(submittedAt), TimeSpan.Zero, TimeSpan.Zero))
        {
            Fault = reason == FinishReason.Faulted ? _thread.Fault : null,
        };
}
