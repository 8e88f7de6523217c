using Infill.Completion.Shaping;
using Infill.Tests.Completion.Documents;
using Xunit;

namespace Infill.Tests.Completion.Shaping;

public sealed class CompletionShaperTests
{
    [Theory]
    [InlineData("Add(‸);", "first, second);", "first, second")]
    [InlineData("Add(‸);", "first, second);\nmore", "first, second")]
    [InlineData("Add(‸);", "Max(a, b)", "Max(a, b)")]
    [InlineData("Add(‸);", "Max(a, b));", "Max(a, b)")]
    [InlineData("Add(‸)", "a) + Add(b", "a")]
    [InlineData("Add(‸);", "a) + Add(b", "a) + Add(b")]
    [InlineData("[‸]", "a[0], b[1]]", "a[0], b[1]")]
    [InlineData("List<‸> names", "string> names", "string")]
    [InlineData("f(‸)", "x -> x", "x -> x")]
    [InlineData("f(‸) // (", ") // (", "")]
    public void A_closing_bracket_that_stands_there_already_is_not_said_again(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Theory]
    [InlineData("foo(bar(‸)", "x)", "x)")]
    [InlineData("foo(bar(‸)", "x))", "x)")]
    [InlineData("foo(\n    bar(‸)\n)", "x)", "x")]
    [InlineData("foo(\n    ‸)", "Max(a, b)", "Max(a, b)")]
    [InlineData("total‸);", " = Max(a, b);", " = Max(a, b")]
    [InlineData("a‸)", " = f(x).g(y", " = f(x).g(y")]
    [InlineData("list[key(\"a‸\")", "b\")] = key(\"c", "b\")] = key(\"c")]
    [InlineData("const m = ‸')", "require('m')", "require('m")]
    public void A_bracket_is_kept_where_the_text_around_the_cursor_lacks_it(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Theory]
    [InlineData("‸\n[Fact]\npublic void A() {}", "[Fact]\npublic void B() {}", "[Fact]\npublic void B() {}")]
    [InlineData("‸\n[Fact]\npublic void A() {}", "[Fact]\npublic void A() {}", "")]
    [InlineData("‸\n[Fact]\npublic void A() {}", "public void B() {}\n\n[Fact]\n", "public void B() {}")]
    [InlineData("def f():‸\n    \"\"\"\n    x()", "\n    \"\"\"\n    What f does.", "\n    \"\"\"\n    What f does.")]
    public void A_line_that_announces_what_comes_is_a_repetition_only_with_the_next(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Theory]
    [InlineData("print(\"hello ‸\")", "world\")", "world")]
    [InlineData("print(\"hello ‸\")", "(world)\")", "(world)")]
    [InlineData("print(‸)", "\"hello (\")", "\"hello (\"")]
    [InlineData("print('‸')", "don\\'t')", "don\\'t")]
    [InlineData("x = '‸", "a'; y = 'b'", "a'; y = 'b'")]
    public void A_quote_that_stands_there_already_is_not_said_again(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Theory]
    [InlineData("var sum = ‸first + second;", "first + second;", "")]
    [InlineData("Add(‸second);", "first, second);", "first,")]
    [InlineData("x = ‸value", "a_value", "a_value")]
    [InlineData("x = ‸value;", "values[0] + 1;", "values[0] + 1;")]
    [InlineData("[1, 2‸,", ", 3, 4", ", 3, 4")]
    [InlineData("[1, 2‸,", ", 3, 4,", ", 3, 4")]
    [InlineData("na‸me = 1", "me", "")]
    public void The_rest_of_the_line_is_not_said_again(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Fact]
    public void In_the_middle_of_a_line_a_suggestion_ends_with_the_line()
    {
        Assert.Equal("a, b", Shape("Add(‸, c)", "a, b\nmore"));
    }

    [Theory]
    [InlineData("from ‸ escape\nfrom rich.text import Text", "rich.text import Text", "")]
    [InlineData("from ‸ escape\nfrom rich.text import Text", "rich.markup import", "rich.markup import")]
    [InlineData("from ‸ escape\nfrom rich.text import Text", "rich.text import", "rich.text import")]
    [InlineData("a = f(‸)\na = f(b)", "b", "b")]
    public void Before_more_of_its_line_a_suggestion_that_is_the_line_below_is_not_shown(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Theory]
    [InlineData("{\n    ‸\n    return x;\n}", "x = 1;\n    return x;\n}", "x = 1;")]
    [InlineData("{\n    ‸\n\n\n    return x;\n}", "x = 1;\n    return x;\n}", "x = 1;")]
    [InlineData("{\n    ‸\n    return x;\n}", "return x;", "")]
    [InlineData("{\n    ret‸\n    return x;\n}", "urn x;", "")]
    [InlineData("{\n    return‸\n    return x;\n}", " x + 1;", " x + 1;")]
    public void A_line_that_stands_below_already_is_not_said_again(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Theory]
    [InlineData("if (x) {‸\n}", "\n    go();\n}", "\n    go();")]
    [InlineData("{\n    if (x) {‸\n}", "\n        go();\n    }", "\n        go();\n    }")]
    [InlineData("{\n    ‸\n}", "if (x)\n    {\n    }\n}", "if (x)\n    {\n    }")]
    [InlineData("def f\n  ‸\nend", "if x\n    y\n  end\nend", "if x\n    y\n  end")]
    public void A_closing_line_is_a_repetition_only_in_the_same_column(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Fact]
    public void A_deeper_line_like_the_one_below_is_kept()
    {
        var shaped = Shape("{\n    ‸\n    return false;\n}", "if (a)\n        return false;\n    b();");

        Assert.Equal("if (a)\n        return false;\n    b();", shaped);
    }

    [Theory]
    [InlineData("if (a)\n    ‸\n\nreturn false;", "return false;", "")]                            // with it or without, the same happens
    [InlineData("if (a)\n    ‸\n\nreturn false;", "return false;\n    more();", "return false;\n    more();")]
    [InlineData("if (a)\n    ‸\n\nreturn false;", "return true;", "return true;")]
    [InlineData("if (a)\n    ret‸\n\nreturn false;", "urn false;", "")]
    [InlineData("f(\n    ‸\n)", ")", ")")]
    public void A_suggestion_that_is_nothing_but_the_line_below_is_not_shown_however_deep(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Fact]
    public void A_run_of_lines_like_those_below_is_cut_even_where_it_stands_deeper()
    {
        var shaped = Shape("{\n    ‸\n    one();\n    two();\n}", "zero();\n        one();\n        two();\n");

        Assert.Equal("zero();", shaped);
    }

    [Fact]
    public void The_same_line_three_times_in_a_row_ends_a_suggestion()
    {
        var shaper = ShaperFor("‸");

        shaper.Append("go();\ngo();\n\ngo();\n");

        Assert.True(shaper.IsDone);
        Assert.Equal("go();\ngo();", shaper.Finish(endedByModel: false));
    }

    [Theory]
    [InlineData("one();\ntwo();\nthr", false, "one();\ntwo();")]
    [InlineData("one();\ntwo();\nthree();", true, "one();\ntwo();\nthree();")]
    [InlineData("one(", false, "one(")]
    [InlineData("\n\n    one(", false, "\n\n    one(")]
    public void A_half_last_line_is_dropped_where_a_limit_ended_it(string raw, bool endedByModel, string expected)
    {
        Assert.Equal(expected, Shape("‸", raw, endedByModel));
    }

    [Fact]
    public void The_first_line_streams_and_later_ones_come_whole()
    {
        var shaper = ShaperFor("‸");
        var seen = new List<string>();
        foreach (var piece in new[] { "one", "(", ");", "\n", "tw", "o();", "\n", "th" })
        {
            shaper.Append(piece);
            if (shaper.TryGetSnapshot(out var snapshot)) seen.Add(snapshot);
        }

        Assert.Equal(["one", "one(", "one();", "one();\ntwo();"], seen);
    }

    [Fact]
    public void Text_that_may_be_a_repetition_is_held_until_that_is_decided()
    {
        var shaper = ShaperFor("Add(‸);");
        shaper.Append("a)");
        var held = shaper.Current;

        shaper.Append(" + b");

        Assert.Equal(("a", "a) + b"), (held, shaper.Current));
    }

    [Fact]
    public void Generation_can_stop_once_the_rest_of_the_line_was_said_again()
    {
        var shaper = ShaperFor("Add(‸);");

        shaper.Append("a);");

        Assert.True(shaper.IsDone);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData(" \n\t\n ", "")]
    [InlineData("a  ", "a")]
    [InlineData("a\n\n\n", "a")]
    public void White_space_at_the_end_is_never_part_of_a_suggestion(string raw, string expected)
    {
        Assert.Equal(expected, Shape("‸", raw));
    }

    [Theory]
    [InlineData("if (x) {‸", "\n    go();", "\n    go();")]
    [InlineData("\tif x:‸\n", "\n\t\tgo()", "\n\t\tgo()")]
    [InlineData("// 漢‸", "字 😀", "字 😀")]
    [InlineData("a\r\nb‸", "c\n d", "c\r\n d")]
    [InlineData("a\r\nf(‸)\r\n", "1)\r\n", "1")]
    [InlineData("a\nb‸", "c\r\n d", "c\n d")]
    public void Tabs_wide_characters_and_line_breaks_come_out_as_the_document_writes_them(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(document, raw));
    }

    [Fact]
    public void A_suggestion_has_no_more_lines_than_allowed()
    {
        var (text, cursor) = Marked.Text("{‸");
        var shaper = new CompletionShaper(SuggestionContext.At(text, cursor, new ShapingOptions { MaxLines = 2 }));

        shaper.Append("\na\nb\nc\n");

        Assert.True(shaper.IsDone);
        Assert.Equal("\na\nb", shaper.Finish(endedByModel: false));
    }

    [Fact]
    public void Single_lines_can_be_asked_for_where_whole_lines_would_fit()
    {
        var (text, cursor) = Marked.Text("x = ‸\n");
        var options = new ShapingOptions { Mode = SuggestionMode.SingleLine };
        var shaper = new CompletionShaper(SuggestionContext.At(text, cursor, options));

        shaper.Append("1;\ny = 2;");

        Assert.Equal("1;", shaper.Finish(endedByModel: true));
    }

    [Theory]
    [InlineData("x‸", SuggestionMode.WholeLines, false)]
    [InlineData("f(‸);  ", SuggestionMode.SingleLine, false)]
    [InlineData("f(‸, y)", SuggestionMode.SingleLine, true)]
    [InlineData("f(‸  \r\n", SuggestionMode.WholeLines, false)]
    public void The_mode_follows_from_what_stands_behind_the_cursor(string document, SuggestionMode mode, bool isMidLine)
    {
        var (text, cursor) = Marked.Text(document);

        var context = SuggestionContext.At(text, cursor);

        Assert.Equal((mode, isMidLine), (context.Mode, context.IsMidLine));
    }

    private static CompletionShaper ShaperFor(string document)
    {
        var (text, cursor) = Marked.Text(document);
        return new CompletionShaper(SuggestionContext.At(text, cursor));
    }

    private static string Shape(string document, string raw, bool endedByModel = true)
    {
        var shaper = ShaperFor(document);
        shaper.Append(raw);
        return shaper.Finish(endedByModel);
    }
}
