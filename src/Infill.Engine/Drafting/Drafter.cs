using System.Numerics;
using Infill.Engine.Sampling;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Drafting;

/// <summary>
/// Guesses sequences' next tokens from what was written before, so that one step can check many: code is full of what stood
/// a few lines above. Owned by the engine thread.
/// </summary>
/// <remarks>
/// A guess costs time and never changes the text: the step computes the guessed tokens too, and those are kept that the model
/// itself chooses. It is made only where learnt odds and costs promise more tokens a millisecond than plain decoding, so it
/// turns itself off where nothing repeats. Only greedy sequences are drafted for, since a draw can't be foreseen. On a processor
/// one that decodes alone: beside others the batch carries their tokens for less. On a GPU, where a batch of 64 tokens takes little
/// longer than one of 8, all that decode together get as many guesses each: a backend computes a batch in parts of equal lengths.
/// </remarks>
/// <param name="vocabulary">The model's.</param>
/// <param name="options">Budgets and limits.</param>
/// <param name="isOnDevice">Whether a GPU computes the steps.</param>
internal sealed class Drafter(IVocabulary vocabulary, EngineOptions options, bool isOnDevice)
{
    /// <summary>Tokens of a step at most, the guessed ones included: where attention kernels' first tile is full.</summary>
    public const int MostStepTokens = 64;

    /// <summary>Sequences that are guessed for together at most: with more, there is less than one guess for each.</summary>
    private const int MostSequences = MostStepTokens / 2;

    /// <summary>How much faster than plain decoding a guess must promise to be: odds are means, and what seldom holds is dear.</summary>
    private const double LeastGain = 1.2;

    /// <summary>
    /// A batch of another shape adds up in another order. On two CPU cores that moved the lead of the best logit by 0.02 in the
    /// median and by 0.2 in one token of a thousand, and texts parted at leads of up to 0.1: below this one a plain step decides.
    /// </summary>
    private const float NearTie = 0.2f;

    private readonly DraftOdds _odds = new();
    private readonly DraftCost?[] _costs = new DraftCost?[BitOperations.Log2(MostSequences) + 1]; // by the power of two that has room for the sequences
    private readonly Stack<DraftSource> _unused = new();
    private bool _isOn = options.Speculation;

    /// <summary>Whether the choice between the two best is too close to be left to a step that computed guesses. Learns how often it is.</summary>
    /// <param name="sequence">The only one of the step: of several the batch's shape is left to chance anyway, by who else decodes.</param>
    /// <param name="logits">After the last token, or after guesses that held.</param>
    /// <param name="accepted">How many guesses held.</param>
    public bool IsNearTie(Sequence sequence, ReadOnlySpan<float> logits, int accepted)
    {
        var isTie = Sampler.Margin(logits, Sampler.IndexOfBest(logits)) < NearTie;
        _odds.RecordTie(sequence.DraftSource!.MatchLength + accepted, isTie);
        return isTie;
    }

    /// <summary>Adds guesses to a plan where they promise to pay. They stay valid until the next call.</summary>
    public void Extend(StepPlan plan)
    {
        var count = plan.Slices.Count;
        if (!_isOn || count == 0 || (count > 1 && (!isOnDevice || count > MostSequences))) return;

        // The step gives one token more than it guesses right, and each sequence has room for those it was promised.
        var most = (Math.Min(MostStepTokens, options.MaxBatchTokens) / count) - 1;
        for (var i = 0; i < count; i++)
        {
            var sequence = plan.Slices[i].Sequence;
            if (!sequence.IsDecoding || !sequence.Sampler.IsGreedy || !sequence.Start.IsMet) return;
            most = Math.Min(most, sequence.Ticket.Request.MaxTokens - sequence.GeneratedTokens - 1);
        }

        var isSkipped = false;
        for (var i = 0; i < count; i++)
        {
            var source = Follow(plan.Slices[i].Sequence);
            source.Guess(source.SkipsStep ? 0 : most);
            isSkipped |= source.SkipsStep;
            source.SkipsStep = false;
        }

        if (isSkipped || BestLength(plan, most) is not (> 0 and var length)) return;
        for (var i = 0; i < count; i++)
        {
            var sequence = plan.Slices[i].Sequence;
            plan.Draft(i, sequence.DraftSource!.Draft(length, sequence.Tokens[^1]));
        }
    }

    /// <summary>Learns from a completed step.</summary>
    public void Observe(StepPlan plan, TimeSpan time)
    {
        var count = plan.Slices.Count;
        if (!_isOn || count == 0 || plan.TotalTokens % count != 0 || (count > 1 && (!isOnDevice || count > MostSequences))) return;
        for (var i = 0; i < count; i++)
        {
            if (plan.Slices[i].Count != 1) return;
        }

        CostOf(count).Observe(plan.TotalTokens / count, time);
        if (count == 1 && !plan.HasDraft) _odds.RecordPlainStep();
    }

    /// <summary>A sequence ends: what was predicted beyond its end would have been computed for nothing.</summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        if (sequence.DraftSource is not { } source) return;
        source.Follow(sequence);
        if (reason is FinishReason.EndOfText or FinishReason.Cancelled or FinishReason.Superseded) source.EndShort();
        sequence.DraftSource = null;
        if (_unused.Count < MostSequences) _unused.Push(source);
    }

    /// <summary>The model can't forget a wrong guess: no more are made.</summary>
    public void TurnOff() => _isOn = false;

    private DraftSource Follow(Sequence sequence)
    {
        if (sequence.DraftSource is not { } source)
        {
            sequence.DraftSource = source = _unused.TryPop(out var unused) ? unused : new DraftSource(vocabulary, _odds);
            source.Begin(sequence);
        }

        source.Follow(sequence);
        return source;
    }

    private DraftCost CostOf(int sequences)
    {
        var power = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)sequences));
        return _costs[power] ??= new DraftCost(1 << power);
    }

    /// <summary>The length that promises most tokens for the time; 0 where plain decoding is as good.</summary>
    private int BestLength(StepPlan plan, int most)
    {
        var cost = CostOf(plan.Slices.Count);
        var isAlone = plan.Slices.Count == 1;
        var best = 0;
        var bestRate = LeastGain;
        for (var size = 1; size < DraftCost.Sizes.Length && DraftCost.Sizes[size] <= most + 1; size++)
        {
            var length = DraftCost.Sizes[size] - 1;
            if (!isAlone && !BitOperations.IsPow2(length + 1)) continue; // few shapes: a GPU's graph is made for each
            var rate = 0.0;
            for (var i = 0; i < plan.Slices.Count; i++) rate += Expected(plan.Slices[i].Sequence.DraftSource!, length, isAlone);
            rate /= plan.Slices.Count * cost.Multiple(size);
            if (rate <= bestRate) continue;
            bestRate = rate;
            best = length;
        }

        return best;
    }

    /// <summary>Tokens that a step gives where it computes so many guesses of a sequence.</summary>
    private double Expected(DraftSource source, int length, bool isAlone)
    {
        if (isAlone && length > source.Known) return 0;
        var survival = isAlone ? 1 - _odds.OfTie(source.MatchLength) : 1;
        var expected = survival; // the token that the step gives anyway
        for (var i = 0; i < Math.Min(length, source.Known); i++)
        {
            survival *= source.Chance(i);
            if (isAlone) survival *= 1 - _odds.OfTie(source.MatchLength + i + 1);
            expected += survival;
        }

        return expected;
    }
}
