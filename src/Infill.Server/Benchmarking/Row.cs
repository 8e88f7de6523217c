namespace Infill.Server.Benchmarking;

/// <summary>Which bare speed explains most of a figure: ratios are also given divided by it.</summary>
internal enum BareSpeed
{
    /// <summary>No speed of the model does.</summary>
    None,
    Prefill,
    Decode,
}

/// <summary>One measured quantity, on every side.</summary>
/// <param name="Name">For people.</param>
/// <param name="Unit">Such as <c>ms</c> or <c>tokens/s</c>.</param>
/// <param name="IsHigherBetter">True for speeds and shares, false for times and costs.</param>
/// <param name="Bare">What its ratios are divided by.</param>
internal sealed record Row(string Name, string Unit, bool IsHigherBetter = false, BareSpeed Bare = BareSpeed.None)
{
    private readonly Dictionary<string, Figures> _sides = new(StringComparer.Ordinal);

    /// <summary>Side → figures, in the order of measuring.</summary>
    public IReadOnlyDictionary<string, Figures> Sides => _sides;

    public Figures this[string side]
    {
        get
        {
            if (!_sides.TryGetValue(side, out var figures)) _sides[side] = figures = new Figures();
            return figures;
        }
    }
}

/// <summary>Our figure over a peer's: below 1 is better for times, above 1 for speeds.</summary>
/// <param name="Median">Of the medians of all values.</param>
/// <param name="P95">Of the 95th percentiles.</param>
/// <param name="Least">The least of the rounds' own ratios of medians.</param>
/// <param name="Most">The greatest of them.</param>
/// <param name="PerBare">The median's, with the difference between the two builds' bare speed taken out; null where that is unknown or explains nothing.</param>
internal sealed record Ratio(double Median, double P95, double Least, double Most, double? PerBare)
{
    /// <summary>Null where a side has no figures.</summary>
    /// <param name="row">The row.</param>
    /// <param name="ours">The side that is ours.</param>
    /// <param name="peer">The other.</param>
    /// <param name="bareRatio">Our bare speed over the peer's, where it was measured.</param>
    public static Ratio? Of(Row row, string ours, string peer, double? bareRatio)
    {
        if (!row.Sides.TryGetValue(ours, out var mine) || !row.Sides.TryGetValue(peer, out var its) || mine.Count == 0 || its.Count == 0) return null;
        double[] rounds = [.. mine.RoundMedians.Zip(its.RoundMedians, static (a, b) => a / b).Where(double.IsFinite)];
        var median = mine.Median / its.Median;
        return new Ratio(
            median, mine.P95 / its.P95,
            rounds.Length == 0 ? double.NaN : rounds.Min(), rounds.Length == 0 ? double.NaN : rounds.Max(),
            bareRatio is { } bare ? (row.IsHigherBetter ? median / bare : median * bare) : null);
    }
}

/// <summary>What one part measured.</summary>
/// <param name="Name">As <c>--part</c> calls it.</param>
/// <param name="Title">What was done, in a sentence.</param>
internal sealed record PartResult(string Name, string Title)
{
    public List<Row> Rows { get; } = [];

    /// <summary>Why there are no rows; null where the part was measured to its end.</summary>
    public string? Failure { get; init; }

    /// <summary>What a reader must know to judge the rows.</summary>
    public List<string> Notes { get; } = [];

    public Row Add(Row row)
    {
        Rows.Add(row);
        return row;
    }
}
