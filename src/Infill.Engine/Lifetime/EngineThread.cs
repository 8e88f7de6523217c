using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Lifetime;

/// <summary>The thread that owns the model: it loads it and turns the loop until the engine is disposed. One that hangs is given up for another.</summary>
internal sealed class EngineThread : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly EngineInbox _inbox;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<IVocabulary> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile EngineLoop? _loop; // written by the engine thread before _ready completes
    private volatile string? _fault;    // written by the engine thread when it dies, before the inbox closes
    private volatile bool _stopping;    // written by DisposeAsync, read by the engine thread

    /// <summary>Starts the thread, which loads the model first.</summary>
    /// <param name="load">Called on the engine thread, which owns the model from then on.</param>
    /// <param name="options">Budgets and limits.</param>
    /// <param name="inbox">Where requests come from.</param>
    /// <param name="time">Clock of limits and measurements.</param>
    /// <param name="logger">Receives failures.</param>
    public EngineThread(Func<IModel> load, EngineOptions options, EngineInbox inbox, TimeProvider time, ILogger logger)
    {
        _options = options;
        _inbox = inbox;
        _time = time;
        _logger = logger;
        Start(() => LoadAndServe(load));
    }

    /// <summary>The vocabulary once the model is loaded; faults with <see cref="EngineException"/> if it can't be.</summary>
    public Task<IVocabulary> Ready => _ready.Task;

    /// <summary>There once <see cref="Ready"/> has completed. It is the engine thread's; others read what it says they may.</summary>
    public EngineLoop? Loop => _loop;

    /// <summary>What ended the thread, where it did not end by itself.</summary>
    public string? Fault => _fault;

    /// <summary>Stops every request, frees the model and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _inbox.Wake(stopped: true);
        _loop?.Hurry();
        await _stopped.Task.ConfigureAwait(false);
    }

    private void Start(Action main)
    {
        // A thread of its own: native calls block for as long as a step takes, and the context must stay on one thread.
        var thread = new Thread(() => RunToEnd(main)) { IsBackground = true, Name = "infill-engine" };
        thread.Start();
    }

    private void RunToEnd(Action main)
    {
        try
        {
            main();
        }
        catch (ThreadGivenUpException)
        {
            _logger.LogInformation("The step that hung has returned after all; its memory is free again.");
            return; // another thread has the engine
        }
        catch (Exception e)
        {
            // The edge of the thread: whatever it was, callers must hear of it rather than wait for ever.
            _fault = e.Message;
            _ready.TrySetException(e);
            _ = _ready.Task.Exception; // observed: the server may end before anybody asks
            if (e is not EngineException) _logger.LogCritical(e, "The engine thread failed.");
            _loop?.FailAll(e.Message);
            _loop?.Dispose();
        }

        _stopped.SetResult();
    }

    private void LoadAndServe(Func<IModel> load)
    {
        var contexts = new ContextLife(load(), _options, _inbox, TakeOver, _time, _logger);
        try
        {
            _loop = new EngineLoop(contexts, _options, _inbox, _time, _logger);
        }
        catch
        {
            contexts.Dispose();
            throw;
        }

        _ready.SetResult(contexts.Vocabulary);
        Serve();
    }

    private void Serve()
    {
        while (!_stopping)
        {
            _loop!.RunOnce();
        }

        _loop!.StopAll();
        _loop.Dispose();
    }

    /// <summary>The watchdog's last resort, on its timer's thread: what hangs in native code can't be ended from outside.</summary>
    private void TakeOver()
    {
        _logger.LogError("A step hangs and doesn't hear the abort: its thread and context are given up, and their memory with them, until it returns.");
        Start(() =>
        {
            _loop!.TakeOver();
            Serve();
        });
    }
}
