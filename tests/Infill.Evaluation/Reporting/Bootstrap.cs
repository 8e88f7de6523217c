namespace Infill.Evaluation.Reporting;

/// <summary>A figure over a sample, with the interval in which 95 of 100 samples drawn from this one have it.</summary>
/// <param name="Value">Over the sample itself.</param>
/// <param name="Low">Of resamples 2.5 % are lower.</param>
/// <param name="High">And 2.5 % higher.</param>
internal readonly record struct Estimate(double Value, double Low, double High);

/// <summary>Confidence intervals by drawing the sample's members again, with replacement. The same input gives the same interval.</summary>
internal static class Bootstrap
{
    private const int Resamples = 1_000;
    private const int Seed = 1;

    /// <param name="count">Members of the sample.</param>
    /// <param name="figure">The figure over members, by their numbers; NaN where it has none.</param>
    public static Estimate Of(int count, Func<IReadOnlyList<int>, double> figure)
    {
        int[] drawn = [.. Enumerable.Range(0, count)];
        var value = figure(drawn);
        if (count == 0) return new Estimate(value, double.NaN, double.NaN);

        var random = new Random(Seed);
        var values = new List<double>(Resamples);
        for (var resample = 0; resample < Resamples; resample++)
        {
            for (var i = 0; i < count; i++) drawn[i] = random.Next(count);
            if (figure(drawn) is var drawnValue && double.IsFinite(drawnValue)) values.Add(drawnValue);
        }

        if (values.Count == 0) return new Estimate(value, double.NaN, double.NaN);
        values.Sort();
        return new Estimate(value, At(0.025), At(0.975));

        double At(double share) => values[Math.Clamp((int)(share * values.Count), 0, values.Count - 1)];
    }
}
