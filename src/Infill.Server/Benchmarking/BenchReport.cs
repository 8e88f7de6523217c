using System.Text.Json.Serialization;

namespace Infill.Server.Benchmarking;

/// <summary>All that a run measured.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Model">With which weights.</param>
/// <param name="Sides">Who, ours first.</param>
/// <param name="Parts">What.</param>
internal sealed record BenchReport(string Machine, string Model, IReadOnlyList<BenchSide> Sides, IReadOnlyList<PartResult> Parts)
{
    /// <summary>Our column.</summary>
    public const string Ours = "infill";

    /// <summary>The column of a plain loop around <c>llama_decode</c>.</summary>
    public const string BareLoop = "bare loop";

    /// <summary>The column of our engine without guessing ahead.</summary>
    public const string PlainEngine = "plain engine";

    /// <summary>Columns that no peer can have.</summary>
    public static IReadOnlyList<string> OwnColumns { get; } = [Ours, BareLoop, PlainEngine];

    /// <summary>Our ratio to a side in a row.</summary>
    public Ratio? RatioTo(string side, Row row) => Ratio.Of(row, Ours, side, OwnColumns.Contains(side) ? null : BareRatio(side, row.Bare));

    /// <summary>Our bare speed over a side's; null where it was not measured or explains nothing.</summary>
    public double? BareRatio(string side, BareSpeed speed)
    {
        if (speed == BareSpeed.None || Parts.FirstOrDefault(static part => part.Name == "bare") is not { } bare) return null;
        var row = bare.Rows[speed == BareSpeed.Prefill ? 0 : 1];
        return Ratio.Of(row, Ours, side, bareRatio: null)?.Median;
    }
}

/// <param name="Name">Its column.</param>
/// <param name="What">What it is and where.</param>
internal sealed record BenchSide(string Name, string What);

/// <summary>The report as one JSON document. A number that there is none of is null.</summary>
internal sealed record ReportDocument(string Machine, string Model, IReadOnlyList<BenchSide> Sides, IReadOnlyList<PartDocument> Parts)
{
    public static ReportDocument Of(BenchReport report) => new(
        report.Machine, report.Model, report.Sides, [.. report.Parts.Select(part => PartDocument.Of(report, part))]);
}

internal sealed record PartDocument(string Name, string Title, string? Failure, IReadOnlyList<string> Notes, IReadOnlyList<RowDocument> Rows)
{
    public static PartDocument Of(BenchReport report, PartResult part) =>
        new(part.Name, part.Title, part.Failure, part.Notes, [.. part.Rows.Select(row => RowDocument.Of(report, row))]);
}

/// <param name="Name">For people.</param>
/// <param name="Unit">Of all figures.</param>
/// <param name="IsHigherBetter">True for speeds and shares.</param>
/// <param name="Sides">Figures by side.</param>
/// <param name="Ratios">Ours over each other side's.</param>
internal sealed record RowDocument(
    string Name, string Unit, bool IsHigherBetter, IReadOnlyDictionary<string, FiguresDocument> Sides, IReadOnlyDictionary<string, RatioDocument> Ratios)
{
    public static RowDocument Of(BenchReport report, Row row)
    {
        var ratios = new Dictionary<string, RatioDocument>(StringComparer.Ordinal);
        foreach (var side in row.Sides.Keys.Where(static side => side != BenchReport.Ours))
        {
            if (report.RatioTo(side, row) is { } ratio) ratios[side] = RatioDocument.Of(ratio);
        }

        return new RowDocument(
            row.Name, row.Unit, row.IsHigherBetter, row.Sides.ToDictionary(static side => side.Key, static side => FiguresDocument.Of(side.Value), StringComparer.Ordinal), ratios);
    }
}

internal sealed record FiguresDocument(int Count, double? Median, double? P95, double? P99, double? Min, double? Max, IReadOnlyList<double?> RoundMedians)
{
    public static FiguresDocument Of(Figures figures) => new(
        figures.Count, Known(figures.Median), Known(figures.P95), Known(figures.P99), Known(figures.Least), Known(figures.Most), [.. figures.RoundMedians.Select(Known)]);

    /// <summary>JSON has no word for what is not a number.</summary>
    public static double? Known(double value) => double.IsFinite(value) ? Math.Round(value, 4) : null;
}

internal sealed record RatioDocument(double? Median, double? P95, double? Min, double? Max, double? PerBareSpeed)
{
    public static RatioDocument Of(Ratio ratio) => new(
        FiguresDocument.Known(ratio.Median), FiguresDocument.Known(ratio.P95), FiguresDocument.Known(ratio.Least), FiguresDocument.Known(ratio.Most),
        ratio.PerBare is { } known ? FiguresDocument.Known(known) : null);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReportDocument))]
internal sealed partial class BenchJsonContext : JsonSerializerContext;
