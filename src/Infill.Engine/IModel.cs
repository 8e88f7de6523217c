namespace Infill.Engine;

/// <summary>A model's weights, from which contexts are made.</summary>
/// <remarks>Owned by the engine thread; nothing here is thread-safe but <see cref="Vocabulary"/>.</remarks>
public interface IModel : IDisposable
{
    IVocabulary Vocabulary { get; }

    /// <summary>Tells these weights and this backend from others, where times are remembered from run to run; empty where none are to be.</summary>
    string Identity => "";

    /// <summary>
    /// Makes a context with an empty KV cache, after loading the weights if they were released; whoever asked disposes it.
    /// The engine has one at a time, unless one hangs.
    /// </summary>
    /// <exception cref="EngineException">There is no memory for it, or the weights can't be loaded again.</exception>
    IModelRunner CreateRunner(EngineOptions options);

    /// <summary>Gives the weights' memory back, while no context lives. The vocabulary stays.</summary>
    void ReleaseWeights();
}
