using System.Text.Json;
using System.Xml.Linq;
using Infill.Server.Benchmarking;
using Infill.Server.Benchmarking.Peers;

namespace Infill.Tests.Server.Benchmarking;

public sealed class BenchReportTests
{
    [Fact]
    public void The_document_has_every_side_s_figures_and_our_ratio_to_each_other()
    {
        var document = Serialize(Report());

        var row = document.GetProperty("parts")[1].GetProperty("rows")[0];
        Assert.Equal("keystroke → first text", row.GetProperty("name").GetString());
        Assert.Equal("ms", row.GetProperty("unit").GetString());
        Assert.Equal(5, row.GetProperty("sides").GetProperty("infill").GetProperty("median").GetDouble());
        Assert.Equal([5], row.GetProperty("sides").GetProperty("infill").GetProperty("roundMedians").EnumerateArray().Select(static value => value.GetDouble()));
        Assert.Equal(0.5, row.GetProperty("ratios").GetProperty("usual").GetProperty("median").GetDouble());
        Assert.Equal(1, row.GetProperty("ratios").GetProperty("usual").GetProperty("perBareSpeed").GetDouble());
    }

    [Fact]
    public async Task A_part_that_fails_says_why_and_the_others_keep_their_figures()
    {
        var parts = await BenchRun.CollectAsync(["bare", "stop", "copy"], static name => name == "stop"
            ? throw new PeerException("tuned broke off.")
            : Task.FromResult(new PartResult(name, "measured")));

        Assert.Equal([("bare", null), ("stop", "tuned broke off."), ("copy", null)], parts.Select(static part => (part.Name, part.Failure)));
        Assert.Contains("tuned broke off.", BenchTable.Render(new BenchReport("machine", "model", [], parts)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupted_it_reports_the_parts_that_had_ended()
    {
        var parts = await BenchRun.CollectAsync(["bare", "stop", "copy"], static name => name == "stop"
            ? throw new OperationCanceledException()
            : Task.FromResult(new PartResult(name, "measured")));

        Assert.Equal([("bare", null), ("stop", "Interrupted.")], parts.Select(static part => (part.Name, part.Failure)));
    }

    [Fact]
    public void What_is_not_a_number_is_null()
    {
        var report = Report();
        _ = report.Parts[1].Rows[0]["silent"];

        var silent = Serialize(report).GetProperty("parts")[1].GetProperty("rows")[0].GetProperty("sides").GetProperty("silent");

        Assert.Equal(JsonValueKind.Null, silent.GetProperty("median").ValueKind);
    }

    [Fact]
    public void The_table_has_a_line_for_each_row_with_figures_and_ratios()
    {
        var table = BenchTable.Render(Report());

        Assert.Matches(@"keystroke → first text, ms +5 +10\.0 +0\.5× \(0\.5\) \[0\.5–0\.5\] ÷ 1\n", table);
    }

    [Fact]
    public void The_chart_is_XML_with_a_bar_for_each_figure_and_the_longest_for_the_greatest()
    {
        var chart = XDocument.Parse(BenchChart.Render(Report()).ToString());

        XNamespace svg = "http://www.w3.org/2000/svg";
        var bars = chart.Descendants(svg + "rect").Select(static bar => (double)bar.Attribute("width")!).ToArray();
        Assert.Equal(6, bars.Length);
        Assert.Equal(bars[5], 2 * bars[4], tolerance: 0.1);
    }

    [Fact]
    public void Markup_in_a_name_stays_text()
    {
        var part = new PartResult("<typing>", "");
        part.Add(new Row("a & b", "ms"))[BenchReport.Ours].Add(0, 1);

        var chart = BenchChart.Render(new BenchReport("here", "a model", [new BenchSide(BenchReport.Ours, "")], [part])).ToString();

        Assert.Contains("a & b, ms (less is better)", XDocument.Parse(chart).Root!.Value, StringComparison.Ordinal);
    }

    private static JsonElement Serialize(BenchReport report) =>
        JsonElement.Parse(JsonSerializer.Serialize(ReportDocument.Of(report), BenchJsonContext.Default.ReportDocument));

    private static BenchReport Report()
    {
        var bare = new PartResult("bare", "");
        Measure(bare, new Row("bare prefill", "tokens/s", IsHigherBetter: true), 1000, 500);
        Measure(bare, new Row("bare decode", "tokens/s", IsHigherBetter: true), 200, 100);
        var typing = new PartResult("typing", "");
        Measure(typing, new Row("keystroke → first text", "ms", Bare: BareSpeed.Decode), 5, 10);
        return new BenchReport("here", "a model", [new BenchSide(BenchReport.Ours, "ours"), new BenchSide("usual", "theirs")], [bare, typing]);
    }

    private static void Measure(PartResult part, Row row, double ours, double its)
    {
        row[BenchReport.Ours].Add(0, ours);
        row["usual"].Add(0, its);
        part.Add(row);
    }
}
