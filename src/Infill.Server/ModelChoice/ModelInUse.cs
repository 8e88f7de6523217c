using Infill.Completion;
using Infill.Engine;

namespace Infill.Server.ModelChoice;

/// <summary>The engine of one conversation and what makes its prompts, replaced together when the user chooses another model. Any thread; guarded by its lock.</summary>
/// <param name="makeEngine">Makes an engine, whose model is loaded once the task that it is given has ended.</param>
/// <param name="makeCompletions">Makes what prompts it.</param>
internal sealed class ModelInUse(Func<Task, CompletionEngine> makeEngine, Func<CompletionEngine, CompletionService> makeCompletions)
{
    private readonly Lock _gate = new();
    private Parts? _parts; // guarded by _gate; made when it is first asked for

    public CompletionEngine Engine => Current.Engine;

    public CompletionService Completions => Current.Completions;

    private Parts Current
    {
        get
        {
            lock (_gate) return _parts ??= Make(Task.CompletedTask);
        }
    }

    /// <summary>From now on another engine is there, and loads the model of the settings as they are now once the one before it is freed: there may be no memory for both.</summary>
    public CompletionService Replace()
    {
        lock (_gate)
        {
            var gone = _parts is { } before ? before.Engine.DisposeAsync().AsTask() : Task.CompletedTask;
            return (_parts = Make(gone)).Completions;
        }
    }

    /// <summary>Frees the model, if one was ever asked for.</summary>
    public async ValueTask EndAsync()
    {
        CompletionEngine? engine;
        lock (_gate) engine = _parts?.Engine;
        if (engine is not null) await engine.DisposeAsync();
    }

    private Parts Make(Task before)
    {
        var engine = makeEngine(before);
        return new Parts(engine, makeCompletions(engine));
    }

    private sealed record Parts(CompletionEngine Engine, CompletionService Completions);
}
