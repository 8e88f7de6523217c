using Infill.Engine.Scheduling;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Lifetime;

/// <summary>Makes the context when it is needed, and does away with one that failed. Owned by the engine thread.</summary>
/// <param name="model">Owned from here on.</param>
/// <param name="options">Of the contexts.</param>
/// <param name="inbox">Where stops are heard of.</param>
/// <param name="giveUp">The engine thread hangs in a step; called on another.</param>
/// <param name="time">Clock of limits and measurements.</param>
/// <param name="logger">Hears of contexts that come and go.</param>
internal sealed class ContextLife(
    IModel model, EngineOptions options, EngineInbox inbox, Action giveUp, TimeProvider time, ILogger logger) : IDisposable
{
    private volatile StepRunner? _current; // written by the engine thread; Hurry reads it

    public IVocabulary Vocabulary => model.Vocabulary;

    /// <summary>The context that is there; null while there is none.</summary>
    public StepRunner? Current => _current;

    /// <summary>The context, made now where there is none.</summary>
    /// <exception cref="EngineException">It can't be made; the next one who asks tries again.</exception>
    public StepRunner Get()
    {
        if (_current is { } there) return there;
        var began = time.GetTimestamp();
        var made = new StepRunner(model.CreateRunner(options), inbox, options.WatchdogLimit, giveUp, time);
        logger.LogInformation("A context was made in {Milliseconds:F0} ms.", time.GetElapsedTime(began).TotalMilliseconds);
        return _current = made;
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
        Discard();
        model.Dispose();
    }
}
