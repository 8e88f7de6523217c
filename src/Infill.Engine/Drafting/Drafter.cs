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
/// longer than one of 8, all that decode together get as many guesses each: a backend computes a batch in parts of equal lengths
/// (see <see cref="DraftLength"/>).
/// </remarks>
/// <param name="vocabulary">The model's.</param>
/// <param name="options">Budgets and limits.</param>
/// <param name="model">What computes the steps, as all contexts after it will.</param>
internal sealed class Drafter(IVocabulary vocabulary, EngineOptions options, IModelRunner model)
{
    /// <summary>Tokens of a step at most, the guessed ones included: where attention kernels' first tile is full.</summary>
    public const int MostStepTokens = 64;

    /// <summary>Sequences that are guessed for together at most: looking for guesses takes a microsecond or two for each, while the GPU waits.</summary>
    private const int MostSequences = 8;

    /// <summary>How much faster than plain decoding a guess must promise to be: odds are means, and what seldom holds is dear.</summary>
    private const double LeastGain = 1.4;

    /// <summary>The same where the caller stands for it.</summary>
    private const double LeastHintGain = 1.2;

    /// <summary>The same where the model has yet to follow what it is taken from.</summary>
    private const double LeastUnprovedGain = 2;

    /// <summary>
    /// A batch of another shape may add up in another order. Where two CPU cores divided the cache, that moved the lead of the best logit by
    /// 0.02 in the median and by 0.2 in one token of a thousand, and texts parted at leads of up to 0.1: below this one a plain step decides.
    /// </summary>
    private const float NearTie = 0.2f;

    /// <summary>So many near ties have to come out the same twice, to the bit, before they aren't decided twice any more.</summary>
    private const int Proof = 8;

    /// <summary>From then on one choice in so many is looked at.</summary>
    private const int Sample = 64;

    private readonly bool _isOnDevice = model.IsOnDevice;
    private readonly bool _addsUpAlike = model.AddsUpAlike;
    private readonly int _mostStepTokens = Math.Min(model.AddsUpAlike ? MostStepTokens - 1 : MostStepTokens, options.MaxBatchTokens); // a whole tile adds up differently
    private readonly DraftOdds _odds = new();
    private readonly DraftCost _cost = new();
    private readonly DraftLength?[] _together = new DraftLength?[BitOperations.Log2(MostSequences) + 1]; // by the power of two that has room for the sequences
    private int _lastTogether; // how many decoded together in the last step; 0 where it was another kind of step
    private readonly Stack<DraftSource> _unused = new();
    private bool _isOn = options.Speculation;
    private int _alike; // near ties that came out the same twice, one after another
    private int _choices; // since they were believed

    /// <summary>Whether the choice between the two best is too close to be left to a step that computed guesses. Learns how often it is.</summary>
    /// <param name="sequence">The only one of the step: of several the batch's shape is left to chance anyway, by who else decodes.</param>
    /// <param name="logits">After the last token, or after guesses that held.</param>
    /// <param name="accepted">How many guesses held.</param>
    public bool IsNearTie(Sequence sequence, ReadOnlySpan<float> logits, int accepted)
    {
        var source = sequence.DraftSource!;
        var isTie = false;
        if (_alike < Proof || ++_choices % Sample == 0)
        {
            var best = Sampler.IndexOfBest(logits);
            var margin = Sampler.Margin(logits, best);
            isTie = margin < NearTie;
            if (isTie) source.Doubt = (margin, logits[best]);
        }

        _odds.RecordTie(source.MatchLength + accepted, isTie);
        return isTie;
    }

    /// <summary>A plain step has decided. Where it says what the step with guesses said, again and again and to the bit, it needn't be asked.</summary>
    public void Decide(Sequence sequence, ReadOnlySpan<float> logits)
    {
        if (!_addsUpAlike || sequence.DraftSource is not { Doubt: { } doubt } source) return;
        source.Doubt = null;
        var best = Sampler.IndexOfBest(logits);
        _alike = doubt == (Sampler.Margin(logits, best), logits[best]) ? _alike + 1 : 0;
    }

    /// <summary>Adds guesses to a plan where they promise to pay. They stay valid until the next call.</summary>
    public void Extend(StepPlan plan)
    {
        var count = plan.Slices.Count;
        if (!_isOn || !MayDraft(count)) return;

        // The step gives one token more than it guesses right, and each sequence has room for those it was promised.
        var most = (_mostStepTokens / count) - 1;
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
            source.Guess(most);
            isSkipped |= source.SkipsStep;
            source.SkipsStep = false;
        }

        if (isSkipped) return;
        var length = count == 1 ? BestLength(plan.Slices[0].Sequence.DraftSource!) : LengthFor(plan, most);
        if (length == 0) return;
        for (var i = 0; i < count; i++)
        {
            var sequence = plan.Slices[i].Sequence;
            plan.Draft(i, sequence.DraftSource!.Draft(length, sequence.Tokens[^1]));
        }
    }

    /// <summary>Learns from a completed step, after its tokens were chosen.</summary>
    /// <param name="plan">What it computed.</param>
    /// <param name="time">How long that took.</param>
    /// <param name="chosen">How many tokens it gave.</param>
    public void Observe(StepPlan plan, TimeSpan time, int chosen)
    {
        var count = plan.Slices.Count;
        var isSameAgain = count == _lastTogether;
        _lastTogether = 0;
        if (!_isOn || !MayDraft(count)) return;
        for (var i = 0; i < count; i++)
        {
            if (plan.Slices[i].Count != 1) return;
        }

        if (count > 1)
        {
            _lastTogether = count;
            if (!isSameAgain) Together(count).Interrupt();
            Together(count).Observe((plan.TotalTokens / count) - 1, (double)chosen / count, time);
            return;
        }

        _cost.Observe(plan.TotalTokens, time);
        if (!plan.HasDraft) _odds.RecordPlainStep();
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

    private bool MayDraft(int sequences) => sequences == 1 || (_isOnDevice && sequences is > 1 and <= MostSequences);

    private DraftLength Together(int sequences)
    {
        var power = BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)sequences));
        return _together[power] ??= new DraftLength(1 << power);
    }

    /// <summary>The length that promises most tokens of one sequence for the time; 0 where plain decoding is as good.</summary>
    private int BestLength(DraftSource source)
    {
        if (source.Known == 0) return 0;
        var best = 0;
        var bestRate = source.IsHint ? LeastHintGain : source.IsProved ? LeastGain : LeastUnprovedGain;
        var survival = 1 - _odds.OfTie(source.MatchLength);
        var expected = survival; // the token that the step gives anyway
        var size = 1;
        for (var length = 1; length <= source.Known && size < DraftCost.Sizes.Length; length++)
        {
            survival *= source.Chance(length - 1) * (1 - _odds.OfTie(source.MatchLength + length));
            expected += survival;
            if (length + 1 != DraftCost.Sizes[size]) continue;
            var rate = expected / _cost.Multiple(size++);
            if (rate <= bestRate) continue;
            bestRate = rate;
            best = length;
        }

        return best;
    }

    private int LengthFor(StepPlan plan, int most)
    {
        var together = Together(plan.Slices.Count);
        foreach (var length in together.Lengths)
        {
            var expected = 0.0;
            for (var i = 0; i < plan.Slices.Count; i++) expected += Expected(plan.Slices[i].Sequence.DraftSource!, length);
            together.Expect(length, expected / plan.Slices.Count);
        }

        return together.Current <= most ? together.Current : 0;
    }

    /// <summary>Tokens that a step gives where it computes so many guesses of a sequence.</summary>
    private static double Expected(DraftSource source, int length)
    {
        var survival = 1.0;
        var expected = survival; // the token that the step gives anyway
        for (var i = 0; i < Math.Min(length, source.Known); i++)
        {
            survival *= source.Chance(i);
            expected += survival;
        }

        return expected;
    }
}
