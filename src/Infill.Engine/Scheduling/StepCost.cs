namespace Infill.Engine.Scheduling;

/// <summary>The learnt numbers of <see cref="StepCost"/>, to be kept for the next start on the same machine and model.</summary>
/// <param name="Decode">Of decoding, by sequences: growth by context, then a time in milliseconds for 1, 2, 4 … 512; 0 where unknown.</param>
/// <param name="Prefill">The same for prefill alone, by tokens.</param>
/// <param name="Beside">The same for what prefill adds to a step that decodes.</param>
public sealed record StepCostNumbers(IReadOnlyList<double> Decode, IReadOnlyList<double> Prefill, IReadOnlyList<double> Beside);

/// <summary>What a step costs on this machine, learnt from the steps that ran. Owned by the engine thread.</summary>
/// <remarks>
/// A step's time is that of its decoding sequences plus that of its prefill. Prefill beside decoding is learnt apart from
/// prefill alone: backends share some work between the two, or split the batch.
/// </remarks>
/// <param name="grain">Tokens by which a chunk beyond a tile grows and shrinks: <see cref="IModelRunner.PrefillGrain"/>.</param>
internal sealed class StepCost(int grain = StepCost.Tile)
{
    /// <summary>Attention kernels are tiled by 64 queries: a chunk of 32 costs as much as one of 64, and one of 65 more than its share.</summary>
    public const int Tile = 64;

    /// <summary>Below a tile, chunks are looked for in these steps.</summary>
    private const int FineStep = 8;

    /// <summary>Beyond a tile, chunks are multiples of it.</summary>
    public int Grain => grain;

    private readonly CostRow _decode = new();
    private readonly CostRow _prefill = new();
    private readonly CostRow _beside = new();

    /// <summary>How long a step of that shape takes; null while nothing like it was measured.</summary>
    public TimeSpan? Predict(StepShape shape)
    {
        var beside = shape.DecodeSequences > 0 && !_beside.IsEmpty ? _beside : _prefill;
        if ((shape.DecodeSequences > 0 && _decode.IsEmpty) || (shape.PrefillTokens > 0 && beside.IsEmpty)) return null;

        var milliseconds = 0.0;
        if (shape.DecodeSequences > 0) milliseconds += _decode.Estimate(shape.DecodeSequences, shape.DecodeContext);
        if (shape.PrefillTokens > 0) milliseconds += beside.Estimate(shape.PrefillTokens, shape.PrefillContext);
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    /// <summary>The largest chunk of a prompt with which a step takes no longer than <paramref name="time"/>.</summary>
    /// <param name="shape">The step without that chunk; its <see cref="StepShape.PrefillContext"/> is where the chunk begins.</param>
    /// <param name="time">For the whole step.</param>
    /// <param name="limit">Tokens that the chunk has at most.</param>
    /// <returns>
    /// Whole grains where a tile fits, else less, in a size that wastes little; 0 where nothing fits; null while nothing was measured.
    /// </returns>
    public int? LargestPrefill(StepShape shape, TimeSpan time, int limit)
    {
        if (Predict(shape with { PrefillTokens = 1 }) is null) return null;
        for (var tokens = limit; tokens > 0; tokens = NextSmaller(tokens))
        {
            if (Predict(shape with { PrefillTokens = shape.PrefillTokens + tokens }) <= time) return tokens;
        }

        return 0;
    }

    /// <summary>Takes a completed step into account.</summary>
    public void Observe(StepShape shape, TimeSpan time)
    {
        var milliseconds = time.TotalMilliseconds;
        if (milliseconds <= 0) return; // a clock that stands still tells nothing
        if (shape.PrefillTokens == 0)
        {
            if (shape.DecodeSequences > 0) _decode.Learn(shape.DecodeSequences, shape.DecodeContext, milliseconds);
            return;
        }

        var row = shape.DecodeSequences == 0 ? _prefill : _beside;
        if (shape.PrefillTokens > Tile && shape.PrefillTokens % grain != 0 && !row.IsEmpty) return; // a prompt's odd end would pass for whole tiles
        if (shape.DecodeSequences > 0)
        {
            if (_decode.IsEmpty) return; // nobody knows which part of the time was whose
            milliseconds = Math.Max(milliseconds - _decode.Estimate(shape.DecodeSequences, shape.DecodeContext), milliseconds / 10);
        }

        row.Learn(shape.PrefillTokens, shape.PrefillContext, milliseconds);
    }

    /// <summary>What was learnt, as plain numbers.</summary>
    public StepCostNumbers Export() => new(_decode.Export(), _prefill.Export(), _beside.Export());

    /// <summary>Begins with what an earlier run had learnt; what is observed from here on corrects it.</summary>
    public void Import(StepCostNumbers numbers)
    {
        _decode.Import(numbers.Decode);
        _prefill.Import(numbers.Prefill);
        _beside.Import(numbers.Beside);
    }

    /// <summary>Whole grains, then whole <see cref="FineStep"/>s, then halves.</summary>
    private int NextSmaller(int tokens) => tokens switch
    {
        > Tile => (tokens - 1) / grain * grain,
        > FineStep => (tokens - 1) / FineStep * FineStep,
        _ => tokens / 2,
    };
}
