namespace Infill.EndToEnd;

/// <summary>Figures of a machine that others use too: their middle, and between what it lies.</summary>
internal static class Sample
{
    /// <summary>The upper one of two.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>
    /// Where the median lies at 99 %, whatever the values' distribution: the two of them, as far from each end, that so many values
    /// leave on the same side of their true middle only by chance (the sign test). A bar is missed where the lower one misses it: several
    /// are judged with every submission, and one of them shall not cry wolf.
    /// </summary>
    /// <param name="values">At least eight.</param>
    public static (double Low, double High) MedianRange(IReadOnlyCollection<double> values)
    {
        const double Chance = 0.005; // at each end
        var sorted = values.Order().ToList();
        ArgumentOutOfRangeException.ThrowIfLessThan(sorted.Count, 8);
        var fewer = Math.Pow(0.5, sorted.Count); // the chance that `outside` of the values or fewer lie below the true middle
        var ways = 1.0;
        var outside = 0;
        for (var below = 1; ; below++)
        {
            ways *= (sorted.Count - below + 1.0) / below;
            fewer += ways * Math.Pow(0.5, sorted.Count);
            if (fewer > Chance) break;
            outside = below;
        }
        return (sorted[outside], sorted[^(outside + 1)]);
    }
}
