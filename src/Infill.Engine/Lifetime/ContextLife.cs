using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Lifetime;

/// <summary>Makes the context when it is needed, and does away with one that failed or that nobody has needed for long. Owned by the engine thread.</summary>
internal sealed class ContextLife : IDisposable
{
    private readonly IModel _model;
    private readonly EngineOptions _options;
    private readonly EngineInbox _inbox;
    private readonly Action _giveUp;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _idle;            // one shot each: an idle engine wakes once for each thing that it lets go
    private volatile StepRunner? _current;    // written by the engine thread; Hurry reads it
    private bool _hasWeights = true;
    private long _usedAt;

    /// <param name="model">Owned from here on.</param>
    /// <param name="options">Of the contexts.</param>
    /// <param name="inbox">Where stops are heard of.</param>
    /// <param name="giveUp">The engine thread hangs in a step; called on another.</param>
    /// <param name="time">Clock of limits and measurements.</param>
    /// <param name="logger">Hears of contexts that come and go.</param>
    public ContextLife(IModel model, EngineOptions options, EngineInbox inbox, Action giveUp, TimeProvider time, ILogger logger)
    {
        _model = model;
        _options = options;
        _inbox = inbox;
        _giveUp = giveUp;
        _time = time;
        _logger = logger;
        _idle = time.CreateTimer(static state => ((EngineInbox)state!).Wake(stopped: false), inbox, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public IVocabulary Vocabulary => _model.Vocabulary;

    public string ModelIdentity => _model.Identity;

    /// <summary>The context that is there; null while there is none.</summary>
    public StepRunner? Current => _current;

    /// <summary>The context, made now where there is none.</summary>
    /// <exception cref="EngineException">It can't be made; the next one who asks tries again.</exception>
    public StepRunner Get()
    {
        _usedAt = _time.GetTimestamp();
        if (_current is { } there) return there;
        var made = new StepRunner(_model.CreateRunner(_options), _inbox, _options.WatchdogLimit, _giveUp, _time);
        _logger.LogInformation(
            "{What} in {Milliseconds:F0} ms.", _hasWeights ? "A context was made" : "The weights were loaded again and a context made",
            _time.GetElapsedTime(_usedAt).TotalMilliseconds);
        _hasWeights = true;
        return _current = made;
    }

    /// <summary>Waits for something to do, unless there is something to let go. What nobody needs for so long goes: the context first, after as long again the weights.</summary>
    public void Wait()
    {
        if (_options.IdleRelease > TimeSpan.Zero && _hasWeights)
        {
            var left = _options.IdleRelease - _time.GetElapsedTime(_usedAt);
            if (left <= TimeSpan.Zero && !_inbox.HasRequests)
            {
                Release();
                return;
            }

            _idle.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        _inbox.Wait();
        _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The context is not to be trusted any more.</summary>
    public void Discard()
    {
        _current?.Dispose();
        _current = null;
    }

    /// <summary>The context hangs with the thread that was in it, which frees both if it ever comes back.</summary>
    public void Abandon() => _current = null;

    /// <summary>The context is about to go: every step ends at once. Any thread.</summary>
    public void Hurry() => _current?.Hurry();

    public void Dispose()
    {
        _idle.Dispose();
        Discard();
        _model.Dispose();
    }

    private void Release()
    {
        _usedAt = _time.GetTimestamp();
        if (_current is not null)
        {
            Discard();
            _logger.LogInformation("Nothing was asked for {Minutes:F0} minutes: the context is released.", _options.IdleRelease.TotalMinutes);
            return;
        }

        try
        {
            _model.ReleaseWeights();
            _logger.LogInformation("Nothing was asked for as long again: the weights are released.");
        }
        catch (EngineException e)
        {
            _logger.LogWarning(e, "The weights stay in memory: the vocabulary can't be kept without them.");
        }

        _hasWeights = false; // not tried again until they have been used
    }
}
