using System.Numerics;

namespace Infill.Engine.Drafting;

/// <summary>How often a text that agreed with an earlier one for so many tokens agrees with it for one more.</summary>
/// <remarks>
/// Learnt from every token that is chosen where something was predicted, drafted or not: so an engine that doesn't draft still
/// knows when it would pay. The running sequence's own tokens count most; where it has few, those of all others fill in.
/// </remarks>
internal sealed class DraftOdds
{
    /// <summary>Tokens of the sequence's own that weigh as much as all others' together.</summary>
    private const double OthersWeight = 20;

    /// <summary>Tokens that weigh as much as what is assumed before anything was seen.</summary>
    private const double PriorWeight = 12;

    /// <summary>Beyond this many tokens the older half counts half.</summary>
    private const double Memory = 400;

    /// <summary>By length: 2, 3, 4-5, 6-7, 8-11, 12-15, 16-23, 24-31, 32-47, 48-63, more. Counted on source code, 17,000 tokens of it.</summary>
    private static readonly double[] Prior = [0.61, 0.70, 0.78, 0.84, 0.89, 0.93, 0.95, 0.955, 0.97, 0.98, 0.985];

    /// <summary>How much one choice weighs in the share of ties, and how much of it each plain step lets go: it is tried again some day.</summary>
    private const double TieWeight = 0.05;
    private const double TieSlip = 0.002;

    private readonly double[] _hits = new double[Prior.Length];
    private readonly double[] _trials = new double[Prior.Length];
    private readonly double[] _ownHits = new double[Prior.Length];
    private readonly double[] _ownTrials = new double[Prior.Length];

    /// <summary>The chance that a choice is too close for a step that computed guesses: what it guessed beyond is lost.</summary>
    public double OfTie { get; private set; }

    /// <summary>A choice behind or between guesses was made.</summary>
    public void RecordTie(bool tied) => OfTie += TieWeight * ((tied ? 1 : 0) - OfTie);

    /// <summary>A step without guesses tells nothing of ties.</summary>
    public void RecordPlainStep() => OfTie -= TieSlip * OfTie;

    /// <summary>The chance that one more token agrees after <paramref name="length"/> that did.</summary>
    public double Of(int length)
    {
        var bucket = Bucket(length);
        var others = (_hits[bucket] + (PriorWeight * Prior[bucket])) / (_trials[bucket] + PriorWeight);
        return (_ownHits[bucket] + (OthersWeight * others)) / (_ownTrials[bucket] + OthersWeight);
    }

    public void Record(int length, bool agreed)
    {
        var bucket = Bucket(length);
        var hit = agreed ? 1 : 0;
        _ownHits[bucket] += hit;
        _ownTrials[bucket]++;
        _hits[bucket] += hit;
        if (++_trials[bucket] < Memory) return;
        _hits[bucket] /= 2;
        _trials[bucket] /= 2;
    }

    /// <summary>Another sequence's text comes now.</summary>
    public void BeginSequence()
    {
        Array.Clear(_ownHits);
        Array.Clear(_ownTrials);
    }

    /// <summary>Two to each power of two, from <see cref="TokenHistory.LeastMatch"/> on.</summary>
    private static int Bucket(int length)
    {
        var power = BitOperations.Log2((uint)length);
        var upperHalf = (length >> (power - 1)) & 1;
        return Math.Min((2 * (power - 1)) + upperHalf, Prior.Length - 1);
    }
}
