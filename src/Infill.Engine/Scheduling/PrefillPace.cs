namespace Infill.Engine.Scheduling;

/// <summary>How many prompt tokens the next step carries. Owned by the engine thread.</summary>
/// <remarks>
/// Beside decoding sequences it is the largest chunk that fits the step budget. Where such chunks are dear (attention kernels
/// work in tiles of 64 queries: 16 tokens can take two thirds of what 64 take), a prompt would take many times as long as alone;
/// then a whole tile is computed instead, and paid for by steps that only decode, until those that decode have had a token per
/// step budget on average. Prefill never takes more than <see cref="MaxStretch"/> times as long as alone for that.
/// </remarks>
internal sealed class PrefillPace(EngineOptions options, StepCost cost)
{
    /// <summary>How much longer a prompt may take beside decoding sequences than alone, as far as there is a choice.</summary>
    private const double MaxStretch = 1.5;

    /// <summary>
    /// Prompt tokens that are computed at once, whoever decodes: what is left of prompts that were cached. Putting these off would
    /// only keep their requests out of the batch.
    /// </summary>
    public const int LittleWork = 8;

    /// <summary>Alone, before anything was measured.</summary>
    private const int FirstChunk = 2 * StepCost.Tile;

    /// <summary>For a token of prefill, before anything was measured.</summary>
    private static readonly TimeSpan s_firstGuess = TimeSpan.FromMilliseconds(1);

    private double _debt;  // milliseconds by which prefill overran the step budget, less what was paid back since
    private double _pause; // milliseconds for which prefill may still be held back to pay it

    /// <summary>Tokens for the step that is being planned; 0 only beside decoding sequences, and only for a while.</summary>
    /// <param name="decoding">The step's decoding part, and the context at which the most urgent prompt goes on.</param>
    /// <param name="mustYield">Whether any of those that decode is as urgent as that prompt; else it goes on as if it were alone.</param>
    /// <param name="pending">Prompt tokens that lack computing, over all sequences.</param>
    public int TokensFor(StepShape decoding, bool mustYield, int pending)
    {
        var limit = Math.Min(pending, options.MaxBatchTokens - decoding.DecodeSequences);
        if (!mustYield)
        {
            (_debt, _pause) = (0, 0);
            return TokensFor(decoding, limit);
        }

        var tile = Math.Min(StepCost.Tile, limit);
        if (pending <= LittleWork) return limit;
        if (_debt > 0 && _pause > 0) return 0;
        var fitting = cost.LargestPrefill(decoding, options.StepBudget, limit) ?? tile;
        return fitting >= tile || (fitting > 0 && Stretch(decoding, fitting) <= MaxStretch) ? fitting : tile;
    }

    /// <summary>How long a prompt's tokens take with nobody beside it; a guess while nothing was measured.</summary>
    /// <param name="context">Tokens before them, which are cached.</param>
    /// <param name="pending">How many.</param>
    public TimeSpan TimeOf(int context, int pending)
    {
        var time = TimeSpan.Zero;
        while (pending > 0)
        {
            var shape = new StepShape(DecodeSequences: 0, DecodeContext: 0, PrefillTokens: 0, PrefillContext: context);
            var chunk = TokensFor(shape, pending);
            time += cost.Predict(shape with { PrefillTokens = chunk }) ?? (chunk * s_firstGuess);
            context += chunk;
            pending -= chunk;
        }

        return time;
    }

    /// <summary>What the step will cost that was planned.</summary>
    public void Planned(StepShape shape)
    {
        if (cost.Predict(shape) is not { } time) return;
        var over = (time - options.StepBudget).TotalMilliseconds;
        if (shape.PrefillTokens > 0 && cost.Predict(shape with { DecodeSequences = 0 }) is { } alone)
        {
            _debt = Math.Max(0, over);
            _pause = (MaxStretch * alone.TotalMilliseconds) - time.TotalMilliseconds;
        }
        else
        {
            _debt += Math.Min(0, over);
            _pause -= time.TotalMilliseconds;
        }
    }

    /// <summary>The chunk of a step whose prefill has to yield to nobody.</summary>
    private int TokensFor(StepShape decoding, int limit)
    {
        limit = Math.Min(limit, options.MaxBatchTokens);
        return Math.Max(Math.Min(StepCost.Tile, limit), cost.LargestPrefill(decoding, options.PrefillBudget, limit) ?? Math.Min(FirstChunk, limit));
    }

    /// <summary>By how much a token costs more in that chunk, with all that decodes beside it, than alone in a whole tile.</summary>
    private double Stretch(StepShape decoding, int tokens)
    {
        var chunk = cost.Predict(decoding with { PrefillTokens = tokens });
        var tile = cost.Predict(decoding with { DecodeSequences = 0, PrefillTokens = StepCost.Tile });
        return chunk is null || tile is null ? 1 : chunk.Value / tokens / (tile.Value / StepCost.Tile);
    }
}
