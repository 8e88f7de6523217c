namespace Infill.Engine.Scheduling;

/// <summary>What prefill costs on this machine, learnt from the steps that ran. Owned by the engine thread.</summary>
internal sealed class StepCost(EngineOptions options)
{
    /// <summary>Kernels are tiled by 64 tokens: shorter chunks cost more per token.</summary>
    private const int Tile = 64;

    /// <summary>Before anything was measured.</summary>
    private const int FirstChunk = 2 * Tile;

    /// <summary>How much one step weighs in the mean.</summary>
    private const double Weight = 0.25;

    private double? _millisecondsPerToken;

    /// <summary>Prompt tokens that a step within the budget can carry: whole tiles, at least one.</summary>
    public int PrefillTokens
    {
        get
        {
            var tokens = _millisecondsPerToken switch
            {
                null => FirstChunk,
                <= 0 => options.MaxBatchTokens,
                var cost => (int)Math.Min(options.StepBudget.TotalMilliseconds / cost.Value, options.MaxBatchTokens),
            };
            return Math.Min(Math.Max(Tile, tokens / Tile * Tile), options.MaxBatchTokens);
        }
    }

    /// <summary>Takes a completed step into account, if it was long enough to tell.</summary>
    public void Observe(int tokens, TimeSpan time)
    {
        if (tokens < Tile / 2) return;
        var cost = time.TotalMilliseconds / tokens;
        _millisecondsPerToken = _millisecondsPerToken is { } mean ? mean + (Weight * (cost - mean)) : cost;
    }
}
