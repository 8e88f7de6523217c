using System.Globalization;
using System.Text;

namespace Infill.Server.Benchmarking;

/// <summary>The report as a table for a terminal: a block for each part, a line for each row.</summary>
internal static class BenchTable
{
    private const int NameWidth = 46;

    public static string Render(BenchReport report)
    {
        var text = new StringBuilder();
        text.Append(report.Machine).Append('\n').Append(report.Model).Append('\n');
        foreach (var side in report.Sides) text.Append($"{side.Name}: {side.What}\n");
        foreach (var part in report.Parts) Append(text, report, part);
        text.Append("\nFigures are median (95th percentile). Ratios are infill's over the other's: of the medians (of the 95th percentiles)\n")
            .Append("[from the least to the greatest of the rounds' own], and after ÷ with the two builds' bare speeds taken out.\n");
        return text.ToString();
    }

    private static void Append(StringBuilder text, BenchReport report, PartResult part)
    {
        text.Append($"\n{part.Name}: {part.Title}\n");
        if (part.Failure is { } failure)
        {
            text.Append($"  · {failure}\n");
            return;
        }

        string[] sides = [.. report.Sides.Select(static side => side.Name).Union(BenchReport.OwnColumns).Where(side => part.Rows.Any(row => row.Sides.ContainsKey(side)))];
        var lines = new List<string[]> { (string[])["", .. sides, .. sides.Where(static side => side != BenchReport.Ours).Select(static side => $"/ {side}")] };
        foreach (var row in part.Rows)
        {
            lines.Add(
            [
                $"{row.Name}, {row.Unit}",
                .. sides.Select(side => Cell(row, side)),
                .. sides.Where(static side => side != BenchReport.Ours).Select(side => Cell(report.RatioTo(side, row))),
            ]);
        }

        var widths = Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)).ToArray();
        widths[0] = Math.Max(widths[0], NameWidth);
        foreach (var line in lines)
        {
            text.Append("  ").Append(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()).Append('\n');
        }

        foreach (var note in part.Notes) text.Append($"  · {note}\n");
    }

    private static string Cell(Row row, string side)
    {
        if (!row.Sides.TryGetValue(side, out var figures) || figures.Count == 0) return "–";
        return figures.Count == 1 ? Number(figures.Median) : $"{Number(figures.Median)} ({Number(figures.P95)})";
    }

    private static string Cell(Ratio? ratio)
    {
        if (ratio is null || !double.IsFinite(ratio.Median)) return "–";
        var perBare = ratio.PerBare is { } known ? $" ÷ {Number(known)}" : "";
        return $"{Number(ratio.Median)}× ({Number(ratio.P95)}) [{Number(ratio.Least)}–{Number(ratio.Most)}]{perBare}";
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##", CultureInfo.InvariantCulture),
    };
}
