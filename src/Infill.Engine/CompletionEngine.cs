using System.Runtime.CompilerServices;
using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine;

/// <summary>Owns the engine thread, or one for each replica: requests from any thread go in through its inbox, text comes out of a channel each.</summary>
public sealed class CompletionEngine : IAsyncDisposable
{
    private readonly EngineReplica[] _replicas;
    private readonly ReplicaChooser _chooser;
    private readonly LiveRequests _live;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile bool _isEnding; // written by DisposeAsync, read by threads that load

    /// <summary>Starts the engine thread, which loads the model first.</summary>
    /// <param name="load">Loads the model; called on the engine thread, which owns it from then on and disposes it.</param>
    /// <param name="options">Budgets and limits.</param>
    /// <param name="time">Clock of deadlines and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    public CompletionEngine(Func<IModel> load, EngineOptions options, TimeProvider time, ILogger logger)
        : this(_ => load(), options with { Replicas = 1 }, time, logger)
    {
    }

    /// <summary>The same with <see cref="EngineOptions.Replicas"/>, loaded one after another; those after the first may be missing.</summary>
    /// <param name="load">Loads a replica by its number, from 0; called on that replica's thread.</param>
    /// <param name="options">Budgets and limits of each.</param>
    /// <param name="time">Clock of deadlines and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    public CompletionEngine(Func<int, IModel> load, EngineOptions options, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _live = new LiveRequests(time);
        _chooser = new ReplicaChooser(options.Replicas, options.MaxSequences);
        _replicas = new EngineReplica[options.Replicas];
        for (var i = 0; i < _replicas.Length; i++)
        {
            var (number, before) = (i, i == 0 ? null : _replicas[i - 1].Thread);
            _replicas[i] = new EngineReplica(() => LoadAfter(before, () => load(number)), options with { Replica = number }, time, logger);
        }

        AllLoaded = TellOfMissingAsync();
    }

    /// <summary>The model's vocabulary once it is loaded; faults with <see cref="EngineException"/> if it can't be.</summary>
    public Task<IVocabulary> Ready => First.Ready;

    /// <summary>The same, or null while there is none.</summary>
    public IVocabulary? Vocabulary => First.Loop?.Limits.Vocabulary;

    /// <summary>Tokens that a prompt and its completion may have together, on every replica; known once <see cref="Ready"/> has completed.</summary>
    public int MaxSequenceTokens => _replicas.Select(static replica => replica.Thread.Loop).OfType<EngineLoop>().Select(static loop => loop.Limits.SequenceTokens).DefaultIfEmpty().Min();

    /// <summary>Requests that run now; 0 before the model is loaded. A momentary figure, from any thread.</summary>
    public int RunningRequests => Serving.Sum(static loop => loop.RunningCount);

    /// <summary>Where every request stands that the engine has taken, the oldest first. Any thread, at any time; it holds up nobody.</summary>
    public IReadOnlyList<RequestSnapshot> Snapshot() => _live.Snapshot();

    /// <summary>The requests that ended last, the latest first: a few dozen at most. Any thread.</summary>
    public IReadOnlyList<FinishedRequest> RecentlyFinished() => _live.Finished();

    /// <summary>Requests that run and prefixes that are kept, together: how many the KV caches have room for, once the model is loaded.</summary>
    public int MaxSequences => Serving.Sum(static loop => loop.Cache.Slots.Count);

    /// <summary>Completes, never faulted, when every replica has been loaded or is known to be missing.</summary>
    public Task AllLoaded { get; }

    private EngineThread First => _replicas[0].Thread;

    private IEnumerable<EngineLoop> Serving => _replicas.Select(static replica => replica.Loop).OfType<EngineLoop>();

    /// <summary>Streams the completion as it is decoded. Nothing is decoded until enumeration starts.</summary>
    /// <remarks>
    /// The last chunk says why it ended; a cancelled token ends it as <see cref="FinishReason.Cancelled"/> rather than by an
    /// exception. Breaking out of the enumeration stops the sequence too. A chunk is all the text that came since the one before:
    /// who reads slowly gets fewer, loses nothing and holds up nobody. The first text, the last, and that of a request which decodes
    /// alone come at once; where several decode together, what is between may come a step budget later, so that their readers
    /// are woken together.
    /// </remarks>
    /// <exception cref="EngineException">The model could not be loaded, or the prompt doesn't fit it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the model was loaded.</exception>
    public async IAsyncEnumerable<GenerationChunk> GenerateAsync(
        GenerationRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var submittedAt = _time.GetTimestamp();
        int[] prompt = [.. request.Prompt]; // the lists are the caller's, who may go on using them
        request = request with { Prompt = prompt, ShorterPrompts = [.. request.ShorterPrompts] };
        if (await WaitForModelAsync(request, cancellationToken).ConfigureAwait(false) is not FinishReason.None and var ended)
        {
            yield return NeverRun(request, ended, submittedAt);
            yield break;
        }

        var replica = Choose(prompt);
        replica.Thread.Loop!.Limits.Validate(request);

        // Disposing the ticket stops the sequence, so breaking out early frees its slot too.
        using var ticket = new Ticket(request, replica.Inbox, submittedAt);
        using var cancelled = cancellationToken.Register(static state => ((Ticket)state!).Stop(FinishReason.Cancelled), ticket);
        using var superseded = request.Superseded.Register(static state => ((Ticket)state!).Stop(FinishReason.Superseded), ticket);
        using var deadline = StopAtDeadline(ticket);
        using var listed = _live.Add(ticket);
        if (!replica.Inbox.TrySubmit(ticket))
        {
            listed.End();
            yield return NeverRun(request, replica.Thread.Fault is null ? FinishReason.Cancelled : FinishReason.Faulted, submittedAt);
            yield break;
        }

        replica.Enter();
        try
        {
            // Not cancelled here: the last chunk comes in any case, and says why and what it cost.
            await foreach (var chunk in ticket.Output.ReadAllAsync().ConfigureAwait(false))
            {
                yield return chunk;
            }
        }
        finally
        {
            replica.Leave();
        }
    }

    /// <summary>Has the first replica's thread look at its own state between two steps. For tests.</summary>
    /// <exception cref="ObjectDisposedException">The engine has ended.</exception>
    internal async Task<T> InspectAsync<T>(Func<EngineLoop, T> look)
    {
        await Ready.ConfigureAwait(false);
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        ObjectDisposedException.ThrowIf(!_replicas[0].Inbox.TryAsk(Answer), this);
        return await answer.Task.ConfigureAwait(false);

        void Answer()
        {
            try
            {
                answer.SetResult(look(First.Loop!));
            }
            catch (Exception e) // whatever a look does wrong belongs to who asked, never to the engine thread
            {
                answer.SetException(e);
            }
        }
    }

    /// <summary>Stops every request, frees the models and ends the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        _isEnding = true;
        foreach (var ending in _replicas.Select(static replica => replica.DisposeAsync()).ToList()) await ending.ConfigureAwait(false);
    }

    /// <remarks>One after another: loading is the disk's work more than anything, and what a driver does wrong it then does once.</remarks>
    private IModel LoadAfter(EngineThread? before, Func<IModel> load)
    {
#pragma warning disable VSTHRD002 // on a replica's own thread, which has nothing else to do; the one before it ends its loading by itself
        before?.Ready.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        return _isEnding ? throw new EngineException("The engine ended before its model was loaded.") : load();
    }

    /// <summary>The first of them faults <see cref="Ready"/>; the others are missed by nobody, so it is said.</summary>
    private async Task TellOfMissingAsync()
    {
        for (var i = 0; i < _replicas.Length; i++)
        {
            var ready = _replicas[i].Thread.Ready;
            await ((Task)ready).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ready.IsCompletedSuccessfully) continue;
            if (i > 0 && !_isEnding) _logger.LogWarning("Of {Wanted} replicas of the model {There} could be loaded: {Reason}", _replicas.Length, i, _replicas[i].Thread.Fault);
            return;
        }
    }

    /// <summary>The replica for a prompt. Where none can serve any more, the first says why.</summary>
    private EngineReplica Choose(int[] prompt)
    {
        if (_replicas.Length == 1) return _replicas[0];
        var running = _replicas.Select(static replica => replica.Loop is null ? -1 : replica.Requests).ToArray();
        return _replicas[Math.Max(0, _chooser.Choose(prompt, running))];
    }

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
            Fault = reason == FinishReason.Faulted ? First.Fault : null,
        };
}
