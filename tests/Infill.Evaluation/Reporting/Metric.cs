using Infill.Evaluation.Measures;

namespace Infill.Evaluation.Reporting;

/// <summary>A row of the report: a figure over judgements.</summary>
/// <param name="Name">As printed.</param>
/// <param name="Figure">Over judgements; NaN where there is none.</param>
/// <param name="Unit">How its values are written.</param>
internal sealed record Metric(string Name, Func<IReadOnlyList<Judgement>, double> Figure, MetricUnit Unit)
{
    /// <summary>The share that is compared where each side leaves out what it trusts least.</summary>
    private const double ShownShare = 0.8;

    /// <summary>All rows. Latency is in milliseconds, everything else a share.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        new("exact first line", static all => Share(all, static one => one.IsExact), MetricUnit.Percent),
        new("edit similarity", static all => all.Count == 0 ? double.NaN : all.Average(static one => one.Similarity), MetricUnit.Percent),
        new("shown", static all => Share(all, static one => one.IsShown), MetricUnit.Percent),
        new("precision of the shown", static all => Share(Shown(all), static one => one.IsExact), MetricUnit.Percent),
        new("precision at 80 % shown", static all => Share(MostTrusted(all), static one => one.IsExact), MetricUnit.Percent),
        new("suffix said again", static all => Share(all, static one => one.RepeatsSuffix), MetricUnit.Percent),
        new("brackets damaged", static all => Share([.. all.Where(static one => one.CouldDamage)], static one => one.DamagesBrackets), MetricUnit.Percent),
        new("tokens generated, mean", static all => all.Count == 0 ? double.NaN : all.Average(static one => (double)one.Answer.Tokens), MetricUnit.Number),
        new("first text, median ms", static all => Median(all.Select(static one => one.Answer.FirstText)), MetricUnit.Number),
        new("whole, median ms", static all => Median(all.Select(static one => (double?)one.Answer.Whole)), MetricUnit.Number),
    ];

    /// <summary>Rows whose ratio to another side is worth a look.</summary>
    public bool HasRatio => Name is "exact first line" or "precision at 80 % shown" or "brackets damaged";

    private static List<Judgement> Shown(IReadOnlyList<Judgement> all) => [.. all.Where(static one => one.IsShown)];

    /// <summary>The most confident of the shown, as many as are 80 % of all places, or all the shown where they are fewer.</summary>
    private static List<Judgement> MostTrusted(IReadOnlyList<Judgement> all) =>
        [.. Shown(all).OrderByDescending(static one => one.Answer.Confidence).Take((int)Math.Round(ShownShare * all.Count))];

    private static double Share(IReadOnlyList<Judgement> all, Func<Judgement, bool> has) => all.Count == 0 ? double.NaN : (double)all.Count(has) / all.Count;

    private static double Median(IEnumerable<double?> values)
    {
        double[] sorted = [.. values.OfType<double>().Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}

/// <summary>How a metric's values are written.</summary>
internal enum MetricUnit
{
    Percent,
    Number,
}
