namespace Infill.Benchmarks.EndToEnd;

/// <summary>Measured times in milliseconds, and what is said of them.</summary>
internal sealed class Figures
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Median => Percentile(50);

    public double Mean => _values.DefaultIfEmpty(double.NaN).Average();

    public void Add(double milliseconds) => _values.Add(milliseconds);

    public double Percentile(double percent)
    {
        if (_values.Count == 0) return double.NaN;
        var sorted = _values.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, (int)(percent / 100 * sorted.Length))];
    }

    public override string ToString() =>
        $"median {Median,7:F1} ms   p95 {Percentile(95),7:F1}   p99 {Percentile(99),7:F1}   min {Percentile(0),7:F1}   max {Percentile(100),7:F1}   n={Count}";
}
