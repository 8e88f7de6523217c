namespace Infill.Engine.Llama;

/// <summary>How much of a model is on the GPU: what fits, found by estimate and then by trying.</summary>
/// <param name="Layers">Layers there, the output counted as one; 0 leaves all to the processor.</param>
/// <param name="AllLayers">Layers that the model has, the output counted as one.</param>
internal readonly record struct OffloadPlan(int Layers, int AllLayers)
{
    /// <summary>Nothing on a GPU.</summary>
    public static OffloadPlan Processor => default;

    public bool IsWhole => Layers > 0 && Layers == AllLayers;

    /// <summary>The share of the layers, and of the cache with them, that is on the GPU.</summary>
    public double Share => AllLayers == 0 ? 0 : (double)Layers / AllLayers;

    /// <summary>What to try first.</summary>
    /// <param name="allLayers">Layers that the model has, the output counted as one.</param>
    /// <param name="limit">Layers at most; null for no limit.</param>
    /// <param name="weightBytes">Of all layers.</param>
    /// <param name="freeBytes">On the GPU, for weights and cache.</param>
    public static OffloadPlan First(int allLayers, int? limit, long weightBytes, long freeBytes)
    {
        var fitting = weightBytes <= freeBytes ? allLayers : (int)(allLayers * (double)Math.Max(freeBytes, 0) / weightBytes);
        return new OffloadPlan(Math.Clamp(Math.Min(fitting, limit ?? allLayers), 0, allLayers), allLayers);
    }

    /// <summary>What to try where this didn't fit: a quarter of the layers fewer. Not to be asked where there is none on the GPU.</summary>
    public OffloadPlan Smaller() => this with { Layers = Layers - Math.Max((AllLayers + 3) / 4, 1) is var fewer && fewer > 0 ? fewer : 0 };

    public override string ToString() => Layers == 0 ? "on the processor" : IsWhole ? "on the GPU" : $"{Layers} of {AllLayers} layers on the GPU";
}
