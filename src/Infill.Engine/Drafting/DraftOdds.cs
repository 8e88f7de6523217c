using System.Numerics;

namespace Infill.Engine.Drafting;

/// <summary>How often a text that agreed with an earlier one for so many tokens agrees with it for one more.</summary>
/// <remarks>
/// Learnt from every token that is chosen where something was predicted, drafted or not: so an engine that doesn't draft still
/// knows when it would pay. A sequence's own tokens count most; where it has few, those of all others fill in.
/// </remarks>
internal sealed class DraftOdds
{
    /// <summary>Tokens of the sequence's own that weigh as much as all others' together.</summary>
    private const double OthersWeight = 20;

    /// <summary>Tokens that weigh as much as what is assumed before anything was seen.</summary>
    private const double PriorWeight = 12;

    /// <summary>Beyond this many tokens the older half counts half.</summary>
    private const double Memory = 400;

    /// <summary>So many predictions in a row have to hold before a text is believed to be a copy: what stands before the cursor is the user's.</summary>
    public const int Proof = 4;

    /// <summary>
    /// By length: 2, 3, 4-5, 6-7, 8-11, 12-15, 16-23, 24-31, 32-47, 48-63, more; first where predictions have yet to hold, then
    /// where they did. Counted on 8,000 tokens that the default model wrote.
    /// </summary>
    private static readonly double[] Prior =
    [
        0.63, 0.71, 0.77, 0.81, 0.80, 0.80, 0.85, 0.88, 0.86, 0.88, 0.90,
        0.63, 0.71, 0.79, 0.89, 0.90, 0.95, 0.95, 0.97, 0.98, 0.98, 0.985,
    ];

    private static readonly int Lengths = Prior.Length / 2;

    /// <summary>How much one choice weighs in the share of ties, and how much of it each plain step lets go: it is tried again some day.</summary>
    private const double TieWeight = 0.05;
    private const double TieSlip = 0.002;

    /// <summary>Choices after one length that weigh as much as those after all others.</summary>
    private const double TiePriorWeight = 10;

    private readonly double[] _ties = new double[Lengths];
    private readonly double[] _tieTrials = new double[Lengths];
    private double _allTies;
    private readonly double[] _hits = new double[Prior.Length];
    private readonly double[] _trials = new double[Prior.Length];

    /// <summary>
    /// The chance that a choice after <paramref name="length"/> tokens that agreed is too close for a step that computed guesses: what
    /// it guessed beyond is lost. Where much agrees, a model is seldom in doubt.
    /// </summary>
    public double OfTie(int length)
    {
        var bucket = Bucket(length);
        return _allTies + ((_ties[bucket] - _allTies) * _tieTrials[bucket] / (_tieTrials[bucket] + TiePriorWeight));
    }

    /// <summary>A choice behind or between guesses was made.</summary>
    public void RecordTie(int length, bool tied)
    {
        var bucket = Bucket(length);
        var hit = tied ? 1 : 0;
        _allTies += TieWeight * (hit - _allTies);
        _ties[bucket] += Math.Max(TieWeight, 1 / ++_tieTrials[bucket]) * (hit - _ties[bucket]);
    }

    /// <summary>A step without guesses tells nothing of ties.</summary>
    public void RecordPlainStep()
    {
        _allTies -= TieSlip * _allTies;
        foreach (ref var share in _ties.AsSpan()) share -= TieSlip * share;
    }

    /// <summary>The chance that one more token agrees after <paramref name="length"/> that did, of which the last <paramref name="held"/> had been predicted, in the sequence that <paramref name="own"/> is of.</summary>
    public double Of(int length, int held, OwnOdds own)
    {
        var bucket = Bucket(length, held);
        var others = (_hits[bucket] + (PriorWeight * Prior[bucket])) / (_trials[bucket] + PriorWeight);
        return (own.Hits[bucket] + (OthersWeight * others)) / (own.Trials[bucket] + OthersWeight);
    }

    public void Record(int length, int held, bool agreed, OwnOdds own)
    {
        var bucket = Bucket(length, held);
        var hit = agreed ? 1 : 0;
        own.Hits[bucket] += hit;
        own.Trials[bucket]++;
        _hits[bucket] += hit;
        if (++_trials[bucket] < Memory) return;
        _hits[bucket] /= 2;
        _trials[bucket] /= 2;
    }

    /// <summary>Two to each power of two, from <see cref="TokenHistory.LeastMatch"/> on.</summary>
    private static int Bucket(int length)
    {
        var power = BitOperations.Log2((uint)length);
        var upperHalf = (length >> (power - 1)) & 1;
        return Math.Min((2 * (power - 1)) + upperHalf, Lengths - 1);
    }

    private static int Bucket(int length, int held) => Bucket(length) + (held < Proof ? 0 : Lengths);

    /// <summary>What was seen of one sequence.</summary>
    internal sealed class OwnOdds
    {
        public double[] Hits { get; } = new double[Prior.Length];

        public double[] Trials { get; } = new double[Prior.Length];

        /// <summary>Another sequence's text comes now.</summary>
        public void Clear()
        {
            Array.Clear(Hits);
            Array.Clear(Trials);
        }
    }
}
