namespace Infill.Engine.Scheduling;

/// <summary>Learnt times of one kind of work at sizes that double from 1 to 512. Owned by the engine thread.</summary>
/// <remarks>
/// Times are kept for a context of <see cref="StepShape.UsualContext"/> tokens and grow with it by a share that is learnt
/// too. Between learnt sizes time is interpolated, beyond them it is proportional: for small sizes that is too hopeful, so
/// they get tried and learnt.
/// </remarks>
internal sealed class CostRow
{
    /// <summary>How much one observation weighs once a time is settled.</summary>
    private const double Weight = 0.2;

    /// <summary>An observation counts as at most this many times what was expected: a machine that stalls once teaches little.</summary>
    private const double MaxSurprise = 2;

    /// <summary>Observations after which surprises are damped.</summary>
    private const int Settled = 4;

    /// <summary>How much one observation weighs in the growth by context, and where that growth ends.</summary>
    private const double GrowthWeight = 0.1;
    private const double MaxGrowth = 1.5;

    private static readonly int[] Sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

    private readonly double[] _milliseconds = new double[Sizes.Length]; // 0 where nothing was learnt
    private readonly int[] _seen = new int[Sizes.Length];
    private double _growth; // share of the time that 1,000 more tokens of context add

    public bool IsEmpty { get; private set; } = true;

    /// <summary>The learnt numbers: the growth, then a time in milliseconds for each size, 0 where unknown.</summary>
    public double[] Export() => [_growth, .. _milliseconds];

    /// <summary>Takes over what <see cref="Export"/> gave; a list of another length, or with numbers that can't be, is left alone.</summary>
    public void Import(IReadOnlyList<double> numbers)
    {
        if (numbers.Count != Sizes.Length + 1 || numbers.Any(static number => !double.IsFinite(number) || number < 0)) return;
        _growth = Math.Min(numbers[0], MaxGrowth);
        for (var i = 0; i < Sizes.Length; i++)
        {
            _milliseconds[i] = numbers[i + 1];
            _seen[i] = numbers[i + 1] > 0 ? Settled : 0;
            IsEmpty &= _seen[i] == 0;
        }
    }

    /// <returns>Milliseconds; 0 where nothing was learnt at all.</returns>
    public double Estimate(int size, int context) => AtUsualContext(size) * Stretch(context);

    public void Learn(int size, int context, double milliseconds)
    {
        var point = Nearest(size);
        var expected = AtUsualContext(size) * Stretch(context);
        if (expected == 0)
        {
            _milliseconds[point] = milliseconds / Stretch(context) * Sizes[point] / size;
        }
        else
        {
            var surprise = milliseconds / expected;
            var weight = Math.Max(Weight, 1.0 / (_seen[point] + 1));
            if (_seen[point] >= Settled) surprise = Math.Min(surprise, MaxSurprise);
            if (surprise < 1 / MaxSurprise) weight = 1; // no chance makes a step twice as fast as it can be: the estimate was wrong
            _milliseconds[point] = AtUsualContext(Sizes[point]) * (1 + (weight * (surprise - 1)));
            if (_seen[point] >= Settled) LearnGrowth(context, surprise);
        }

        _seen[point] = Math.Min(_seen[point] + 1, Settled);
        IsEmpty = false;
    }

    private void LearnGrowth(int context, double surprise)
    {
        var distance = Distance(context);
        _growth = Math.Clamp(_growth + (GrowthWeight * (surprise - 1) * distance / (1 + (distance * distance))), 0, MaxGrowth);
    }

    private double AtUsualContext(int size)
    {
        var below = -1;
        var above = -1;
        for (var i = 0; i < Sizes.Length && above < 0; i++)
        {
            if (_milliseconds[i] == 0) continue;
            if (Sizes[i] <= size) below = i;
            if (Sizes[i] >= size) above = i;
        }

        if (below < 0 && above < 0) return 0;
        if (below < 0 || above < 0 || below == above)
        {
            var known = Math.Max(below, above);
            return _milliseconds[known] * size / Sizes[known];
        }

        var share = (double)(size - Sizes[below]) / (Sizes[above] - Sizes[below]);
        return _milliseconds[below] + (share * (_milliseconds[above] - _milliseconds[below]));
    }

    private double Stretch(int context) => 1 + (_growth * Distance(context));

    /// <summary>From the usual context, in thousands of tokens: never so far below it that <see cref="Stretch"/> could reach 0.</summary>
    private static double Distance(int context) => (context - StepShape.UsualContext) / 1000.0;

    private static int Nearest(int size)
    {
        var nearest = 0;
        while (nearest + 1 < Sizes.Length && size - Sizes[nearest] >= Sizes[nearest + 1] - size) nearest++;
        return nearest;
    }
}
