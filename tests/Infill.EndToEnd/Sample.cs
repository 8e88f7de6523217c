namespace Infill.EndToEnd;

/// <summary>Figures of a machine that others use too: their middle, and how far that may be off.</summary>
internal static class Sample
{
    /// <summary>The upper one of two.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    /// <summary>Two standard errors of the median, from the values' own spread: a bar is missed where it is missed by more than that.</summary>
    public static double Doubt(IReadOnlyCollection<double> values)
    {
        const double ErrorOfMedian = 1.2533; // times the standard deviation, of which the median distance from the median is two thirds
        const double DeviationOfDistance = 1.4826;
        var median = Median(values);
        return 2 * ErrorOfMedian * DeviationOfDistance * Median(values.Select(value => Math.Abs(value - median))) / Math.Sqrt(values.Count);
    }
}
