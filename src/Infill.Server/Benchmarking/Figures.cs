namespace Infill.Server.Benchmarking;

/// <summary>What was measured of one thing on one side, round by round. Owned by the part that measures.</summary>
internal sealed class Figures
{
    private readonly List<List<double>> _rounds = [];

    public int Count => _rounds.Sum(static round => round.Count);

    public double Median => Percentile(All, 50);

    public double P95 => Percentile(All, 95);

    public double P99 => Percentile(All, 99);

    public double Least => Count == 0 ? double.NaN : All.Min();

    public double Most => Count == 0 ? double.NaN : All.Max();

    public double Mean => Count == 0 ? double.NaN : All.Average();

    /// <summary>One median for each round, in order; NaN for a round without a value.</summary>
    public IReadOnlyList<double> RoundMedians => [.. _rounds.Select(static round => Percentile(round, 50))];

    private IEnumerable<double> All => _rounds.SelectMany(static round => round);

    /// <param name="round">From 0; the sides' rounds of the same number were run next to each other.</param>
    /// <param name="value">In the row's unit.</param>
    public void Add(int round, double value)
    {
        while (_rounds.Count <= round) _rounds.Add([]);
        _rounds[round].Add(value);
    }

    /// <summary>The value that this share of all values doesn't exceed (nearest rank); NaN where there are none.</summary>
    public static double Percentile(IEnumerable<double> values, double percent)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return double.NaN;
        if (percent == 50 && sorted.Length % 2 == 0) return (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
        var rank = (int)Math.Ceiling(percent / 100 * sorted.Length);
        return sorted[Math.Clamp(rank - 1, 0, sorted.Length - 1)];
    }
}
