using Infill.Server.Benchmarking;

namespace Infill.Tests.Server.Benchmarking;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3, 3)]
    [InlineData(new double[] { 3, 1, 2 }, 2, 3)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5, 4)]
    public void The_median_is_the_middle_and_p95_the_least_that_19_of_20_do_not_exceed(double[] values, double median, double p95)
    {
        var figures = Of(values);

        Assert.Equal((median, p95), (figures.Median, figures.P95));
    }

    [Fact]
    public void P95_of_a_hundred_is_the_ninety_fifth()
    {
        var figures = Of([.. Enumerable.Range(1, 100).Reverse().Select(static value => (double)value)]);

        Assert.Equal((95, 99, 1, 100), (figures.P95, figures.P99, figures.Least, figures.Most));
    }

    [Fact]
    public void Nothing_measured_is_not_a_number()
    {
        var figures = new Figures();

        Assert.Equal((0, double.NaN, double.NaN), (figures.Count, figures.Median, figures.Least));
    }

    [Fact]
    public void A_ratio_has_the_spread_of_the_rounds_own_ratios()
    {
        var row = new Row("first text", "ms");
        row[BenchReport.Ours].Add(0, 10);
        row[BenchReport.Ours].Add(1, 30);
        row["peer"].Add(0, 40);
        row["peer"].Add(1, 40);

        var ratio = Ratio.Of(row, BenchReport.Ours, "peer", bareRatio: null)!;

        Assert.Equal((0.5, 0.75, 0.25, 0.75, null), (ratio.Median, ratio.P95, ratio.Least, ratio.Most, ratio.PerBare));
    }

    [Theory]
    [InlineData(false, 0.5, 1.0)] // twice as fast by itself explains half the time
    [InlineData(true, 0.5, 0.25)] // and of a speed it leaves half
    public void The_bare_speed_is_taken_out_of_times_and_of_speeds(bool isHigherBetter, double plain, double perBare)
    {
        var row = new Row("something", "", isHigherBetter, BareSpeed.Decode);
        row[BenchReport.Ours].Add(0, 5);
        row["peer"].Add(0, 10);

        var ratio = Ratio.Of(row, BenchReport.Ours, "peer", bareRatio: 2)!;

        Assert.Equal((plain, (double?)perBare), (ratio.Median, ratio.PerBare));
    }

    [Fact]
    public void A_side_that_was_not_measured_has_no_ratio()
    {
        var row = new Row("first text", "ms");
        row[BenchReport.Ours].Add(0, 10);

        Assert.Null(Ratio.Of(row, BenchReport.Ours, "peer", bareRatio: null));
    }

    private static Figures Of(double[] values)
    {
        var figures = new Figures();
        foreach (var value in values) figures.Add(0, value);
        return figures;
    }
}
