using Infill.Evaluation.Measures;
using Infill.Evaluation.Places;
using Infill.Evaluation.Reporting;
using Infill.Evaluation.Sides;

namespace Infill.Tests.Evaluation;

public sealed class JudgementTests
{
    [Theory]
    [InlineData("a = f(‸b)\nc = d\n", 1, "b", true)]
    [InlineData("a = f(‸b)\nc = d\n", 1, "b \nmore", true)] // blanks at the end don't count, and neither does what follows
    [InlineData("a = f(‸b)\nc = d\n", 1, "x", false)]
    [InlineData("a = f(‸b)\nc = d\n", 1, "", false)]
    public void The_first_line_is_exact_or_not(string marked, int length, string text, bool isExact)
    {
        Assert.Equal(isExact, Judge(marked, length, text).IsExact);
    }

    [Theory]
    [InlineData("x = ‸1 + two\n", 1, "2 + two", true)]         // the rest of the line
    [InlineData("f(‸a)\n", 1, "b)", true)]                     // its bracket, which unbalances the file
    [InlineData("f(‸a)\n", 1, "g(b)", false)]                  // its own bracket
    [InlineData("‸a = 1\nbase = 2\n", 5, "c = 1\nbase = 2", true)] // the line below
    [InlineData("‸a = 1\nbase = 2\n", 5, "c = 1\nbase=2;", true)]  // the same but for blanks and a semicolon
    [InlineData("‸a = 1\nbase = 2\n", 5, "c = 1\nbase = 3", false)]
    [InlineData("‸a = 1\n}\n", 5, "b = 1\n}", false)]          // a bracket alone is told by the brackets
    [InlineData("‸a = 1\n/// <summary>\n", 5, "b = 1\n  /// <summary>", false)]               // a tag alone begins many comments
    [InlineData("‸a = 1\n/// <summary>Count</summary>\n", 5, "/// <summary>Count</summary>", true)] // words don't
    [InlineData("‸a = 1\n", 5, "", false)]
    public void What_stands_behind_the_cursor_is_said_again_or_not(string marked, int length, string text, bool repeats)
    {
        Assert.Equal(repeats, Judge(marked, length, text).RepeatsSuffix);
    }

    [Theory]
    [InlineData("f(‸a)\n", 1, "g(", true, true)]
    [InlineData("f(‸a)\n", 1, "g()", true, false)]
    [InlineData("f(‸a))\n", 1, "g(", false, false)] // it didn't balance before
    public void Brackets_are_damaged_where_the_file_balanced_without_the_text_only(string marked, int length, string text, bool could, bool damages)
    {
        var judged = Judge(marked, length, text);

        Assert.Equal((could, damages), (judged.CouldDamage, judged.DamagesBrackets));
    }

    [Theory]
    [InlineData("", "", 1)]
    [InlineData("abcd", "abcd", 1)]
    [InlineData("abcd", "abxd", 0.75)]
    [InlineData("abcd", "", 0)]
    public void Similarity_is_the_share_that_needs_no_edit(string left, string right, double expected)
    {
        Assert.Equal(expected, EditSimilarity.Of(left, right));
    }

    [Fact]
    public void Precision_at_80_percent_leaves_out_what_is_trusted_least()
    {
        var metric = Metric.All.Single(static metric => metric.Name == "precision at 80 % shown");
        List<Judgement> judged = [.. Enumerable.Range(0, 5).Select(static i => Judge("f(‸a)\n", 1, i == 0 ? "x" : "a", confidence: i - 5))];

        Assert.Equal(1, metric.Figure(judged)); // the wrong one is the one that was trusted least
    }

    [Fact]
    public void An_interval_holds_the_value_and_is_the_same_each_time()
    {
        double[] values = [.. Enumerable.Range(0, 100).Select(static i => i % 4 == 0 ? 1.0 : 0.0)];

        var estimate = Bootstrap.Of(values.Length, drawn => drawn.Average(index => values[index]));

        Assert.Equal(0.25, estimate.Value);
        Assert.InRange(estimate.Low, 0.1, 0.24);
        Assert.InRange(estimate.High, 0.26, 0.4);
        Assert.Equal(estimate, Bootstrap.Of(values.Length, drawn => drawn.Average(index => values[index])));
    }

    private static Judgement Judge(string marked, int length, string text, double confidence = 0)
    {
        var start = marked.IndexOf('‸', StringComparison.Ordinal);
        var file = new SourceFile("a.py", "python", marked.Replace("‸", "", StringComparison.Ordinal));
        return Judgement.Of(new Place(0, PlaceKind.EndOfLine, file, start, start + length), new Answer(text, [(float)confidence], null, 1, 1));
    }
}
