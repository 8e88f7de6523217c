namespace Infill.Server.Status;

/// <summary>A histogram's count and sum, and its latest values for percentiles. Any thread; guarded by its own lock.</summary>
internal sealed class RecentValues
{
    private const int Kept = 512;
    private readonly Lock _gate = new();
    private readonly double[] _latest = new double[Kept];
    private long _count;
    private double _sum;

    public (long Count, double Sum) Total
    {
        get
        {
            lock (_gate) return (_count, _sum);
        }
    }

    public void Add(double value)
    {
        lock (_gate)
        {
            _latest[_count++ % Kept] = value;
            _sum += value;
        }
    }

    /// <summary>Of the latest 512 values; null where there are none.</summary>
    /// <param name="share">0.5 for the median.</param>
    public double? Percentile(double share)
    {
        double[] sorted;
        lock (_gate)
        {
            if (_count == 0) return null;
            sorted = _latest[..(int)Math.Min(_count, Kept)];
        }

        Array.Sort(sorted);
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    /// <summary>Of the latest 512 values; null where there are none.</summary>
    public double? Mean()
    {
        lock (_gate) return _count == 0 ? null : _latest.AsSpan(0, (int)Math.Min(_count, Kept)).ToArray().Average();
    }
}
