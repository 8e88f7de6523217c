using Infill.Engine;

namespace Infill.Server.Gpu;

/// <summary>A model on a GPU, whose contexts are made under a mark: the first steps of each kind are computed then, and ggml ends the process where one fails.</summary>
/// <param name="model">Owned from here on.</param>
/// <param name="mark">Begins a mark.</param>
internal sealed class MarkedModel(IModel model, Func<IDisposable> mark) : IModel
{
    public IVocabulary Vocabulary => model.Vocabulary;

    public string Identity => model.Identity;

    public IModelRunner CreateRunner(EngineOptions options)
    {
        using var _ = mark();
        return model.CreateRunner(options);
    }

    public void ReleaseWeights() => model.ReleaseWeights();

    public void Dispose() => model.Dispose();
}
