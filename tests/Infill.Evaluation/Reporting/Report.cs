using System.Globalization;
using System.Text;
using Infill.Evaluation.Measures;
using Infill.Evaluation.Places;

namespace Infill.Evaluation.Reporting;

/// <summary>The table: sides side by side, over all places, then by kind, by group and by language.</summary>
internal static class Report
{
    private const int NameWidth = 26;
    private const int CellWidth = 22;

    /// <param name="sides">Names, ours first: what the ratios are of.</param>
    /// <param name="judgements">For each side, the same places in the same order.</param>
    /// <returns>Text for a terminal.</returns>
    public static string Render(IReadOnlyList<string> sides, IReadOnlyList<IReadOnlyList<Judgement>> judgements)
    {
        var text = new StringBuilder();
        var places = judgements[0].Select(static one => one.Place).ToList();
        Append(text, "all places", sides, judgements, static _ => true);
        foreach (var kind in places.Select(static place => place.Kind).Distinct().Order())
        {
            Append(text, $"kind {kind}", sides, judgements, one => one.Place.Kind == kind);
        }

        foreach (var group in places.Select(static place => place.Group).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Append(text, group, sides, judgements, one => one.Place.Group == group);
        }

        foreach (var language in places.Select(static place => PlaceSampler.Group(place.File.Language)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Append(text, $"language {language}", sides, judgements, one => PlaceSampler.Group(one.Place.File.Language) == language);
        }

        text.Append("\nIn brackets: 95 % intervals by bootstrap over places. Ratios are of the first column over the other.\n");
        return text.ToString();
    }

    private static void Append(
        StringBuilder text, string title, IReadOnlyList<string> sides, IReadOnlyList<IReadOnlyList<Judgement>> judgements, Func<Judgement, bool> isWanted)
    {
        List<Judgement>[] wanted = [.. judgements.Select(side => side.Where(isWanted).ToList())];
        var count = wanted[0].Count;
        text.Append($"\n{title}, {count}\n").Append(' ', NameWidth);
        foreach (var side in sides) text.Append(side.PadRight(CellWidth));
        foreach (var other in sides.Skip(1)) text.Append($"/ {other}".PadRight(CellWidth));
        TrimLine(text);
        foreach (var metric in Metric.All)
        {
            text.Append($"  {metric.Name}".PadRight(NameWidth));
            foreach (var side in wanted) text.Append(Cell(Bootstrap.Of(count, drawn => metric.Figure(Draw(side, drawn))), metric.Unit).PadRight(CellWidth));
            foreach (var other in wanted.Skip(1))
            {
                if (!metric.HasRatio) break;
                var ratio = Bootstrap.Of(count, drawn => metric.Figure(Draw(wanted[0], drawn)) / metric.Figure(Draw(other, drawn)));
                text.Append(Ratio(ratio).PadRight(CellWidth));
            }

            TrimLine(text);
        }
    }

    private static List<Judgement> Draw(List<Judgement> all, IReadOnlyList<int> drawn) => [.. drawn.Select(index => all[index])];

    private static void TrimLine(StringBuilder text)
    {
        while (text[^1] == ' ') text.Length--;
        text.Append('\n');
    }

    private static string Cell(Estimate estimate, MetricUnit unit)
    {
        if (!double.IsFinite(estimate.Value)) return "–";
        return unit == MetricUnit.Percent
            ? $"{Number(100 * estimate.Value)} % [{Number(100 * estimate.Low)}–{Number(100 * estimate.High)}]"
            : $"{Number(estimate.Value)} [{Number(estimate.Low)}–{Number(estimate.High)}]";
    }

    private static string Ratio(Estimate estimate) =>
        double.IsFinite(estimate.Value) ? $"{Fine(estimate.Value)}× [{Fine(estimate.Low)}–{Fine(estimate.High)}]" : "–";

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Fine(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
