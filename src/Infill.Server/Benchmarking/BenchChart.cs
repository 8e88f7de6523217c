using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace Infill.Server.Benchmarking;

/// <summary>The report as a picture: for each row a bar for each side, on a scale of the row's own. Readable on light and dark ground.</summary>
internal static class BenchChart
{
    private const int Width = 760;
    private const int LabelWidth = 120;
    private const int ValueWidth = 130;
    private const int BarHeight = 14;
    private const int BarPitch = 18;
    private const int TitleHeight = 24;
    private const int Gap = 12;

    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    public static XDocument Render(BenchReport report)
    {
        var drawn = new List<XElement>();
        string[] sides = [.. report.Sides.Select(static side => side.Name).Union(BenchReport.OwnColumns)];
        var y = Gap;
        foreach (var part in report.Parts)
        {
            drawn.Add(Text(Gap, y + 14, "part", part.Name));
            y += TitleHeight;
            foreach (var row in part.Rows.Where(static row => row.Sides.Count > 0)) Draw(drawn, row, sides, ref y);
        }

        var root = new XElement(
            s_svg + "svg",
            new XAttribute("width", Width),
            new XAttribute("height", y),
            new XAttribute("viewBox", $"0 0 {Width} {y}"),
            new XAttribute("role", "img"),
            new XElement(s_svg + "title", "infill bench"),
            new XElement(s_svg + "style", Style(sides.Length)),
            drawn);
        return new XDocument(root);
    }

    private static void Draw(List<XElement> drawn, Row row, string[] sides, ref int y)
    {
        drawn.Add(Text(Gap, y + 13, "row", $"{row.Name}, {row.Unit} ({(row.IsHigherBetter ? "more" : "less")} is better)"));
        y += BarPitch;
        var longest = row.Sides.Values.Max(static figures => figures.Median);
        for (var side = 0; side < sides.Length; side++)
        {
            if (!row.Sides.TryGetValue(sides[side], out var figures) || figures.Count == 0) continue;
            var length = longest > 0 ? figures.Median / longest * (Width - LabelWidth - ValueWidth) : 0;
            drawn.Add(Text(LabelWidth - 8, y + 11, "side", sides[side]));
            drawn.Add(new XElement(
                s_svg + "rect",
                new XAttribute("class", $"bar s{side}"),
                new XAttribute("x", LabelWidth),
                new XAttribute("y", y),
                new XAttribute("width", Number(Math.Max(length, 1))),
                new XAttribute("height", BarHeight)));
            drawn.Add(Text((int)(LabelWidth + length + 6), y + 11, "value", Number(figures.Median)));
            y += BarPitch;
        }

        y += Gap;
    }

    private static XElement Text(int x, int y, string kind, string text) =>
        new(s_svg + "text", new XAttribute("class", kind), new XAttribute("x", x), new XAttribute("y", y), text);

    /// <summary>No ground of its own: the page's shows through, and the text's colour follows the reader's preference.</summary>
    private static string Style(int sides)
    {
        string[] colours = ["#2f81f7", "#b08800", "#8957e5", "#57606a", "#1a7f37", "#bf3989"];
        var style = new StringBuilder("text{font:12px system-ui,sans-serif;fill:#1f2328}.part{font-weight:700;font-size:14px}.side{text-anchor:end}");
        for (var side = 0; side < sides; side++) style.Append(CultureInfo.InvariantCulture, $".s{side}{{fill:{colours[side % colours.Length]}}}");
        return style.Append("@media(prefers-color-scheme:dark){text{fill:#e6edf3}}").ToString();
    }

    private static string Number(double value) => value.ToString(value >= 100 ? "F0" : "0.##", CultureInfo.InvariantCulture);
}
