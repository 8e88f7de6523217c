using Infill.Completion.Shaping;
using Infill.Tests.Completion.Documents;

namespace Infill.Tests.Completion.Shaping;

/// <summary>The rules that need to know the language; each is named for what it keeps from happening.</summary>
public sealed class ShapingRuleTests
{
    [Theory]
    [InlineData("python", "def __next__(‸) -> str:\n", "self) -> Any:", "self")]
    [InlineData("csharp", "if (value ‸ value == root)\n", "== null)", "== null")]
    [InlineData("csharp", "void F()\n{\n    ‸\n}\n", "a();\n}\n\nvoid G()\n{", "a();")]
    [InlineData("typescript", "import { A‸ } from './a';\n", "b } from '../c';", "b")]
    [InlineData("csharp", "F(G(‸)\n", "x), y", "x), y")] // one bracket is owed
    [InlineData("csharp", "F(\"(‸)\");\n", "a) b", "a) b")] // a string's brackets are nobody's
    public void A_bracket_that_others_close_is_left_to_them(string language, string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(language, document, raw));
    }

    [Theory]
    [InlineData("go", "f(‸.Map)\n", "a).g(b", "a).g(b")]
    [InlineData("typescript", "if (a) {\n    b();\n‸\n    c();\n}\n", "} else {", "} else {")]
    [InlineData("typescript", "if (a) {\n    b();\n‸\n    c();\n}\n", "} finally", "")]
    [InlineData("csharp", "x = \"a ‸ c\";\n", "\" + b + \"", "\" + b + \"")]
    [InlineData("csharp", "x = \"a ‸ c\";\n", "of the event.\";", "of the event.")]
    public void A_bracket_or_string_that_is_opened_again_on_the_line_may_be_closed(string language, string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(language, document, raw));
    }

    [Theory]
    [InlineData("csharp", "o.Select(‸);\n", "\"Name", "\"Name\"")]
    [InlineData("csharp", "w.Write(‸);\n", "value.ToString(", "value.ToString()")]
    [InlineData("typescript", "reject(‸);\n", "{ a: [1", "{ a: [1]}")]
    [InlineData("csharp", "{\n    ‸\n}\n", "if (a)\n    {\n        b();", "if (a)\n    {\n        b();\n    }")]
    [InlineData("csharp", "{\n    ‸\n}\n", "if (a) {", "if (a) {\n    }")]
    [InlineData("csharp", "    if (a‸\n        b();\n    }\n", ") {", ") {")]   // the text behind it closes that
    [InlineData("go", "f(‸\n)\n", "func() { // a", "func() { // a\n}")] // not into the comment
    [InlineData("csharp", "a = ‸\": 150;\n", "{ \"interval", "{ \"interval")]  // nor into a string that ends behind it
    [InlineData("go", "{\n\t‸\n}\n", "f(`error: {a}", "f(`error: {a}`)")]
    [InlineData("python", "def f():\n    ‸\n", "\"\"\"Return it.", "\"\"\"Return it.\"\"\"")]
    [InlineData("python", "def f():\n    ‸\n", "\"\"\"Return it.\"", "\"\"\"Return it.\"\"\"")]
    [InlineData("rust", "{\n    ‸\n}\n", "println!(\"{}", "println!(\"{}\")")]
    [InlineData("csharp", "{\n    ‸\n}\n", "f(@\"a", "f(@\"a\")")]
    [InlineData("csharp", "{\n    ‸\n}\n", "f(@\"a\"", "f(@\"a\")")]
    public void What_a_suggestion_opens_it_closes_unless_the_text_behind_it_does(string language, string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(language, document, raw));
    }

    [Theory] // ` stands for the quote
    [InlineData("@`{\n  ``na‸\n  ``b``: 1\n}`;\n", "me``: ``e2``,", "me``: ``e2``,")]
    [InlineData("@`{\n  ``na‸\n  ``b``: 1\n}`;\n", "me``: ``e2`", "me``: ``e2``")]        // half of one
    [InlineData("@`{\n  ``na‸\n  ``b``: 1\n}`;\n", "me``: ``e2```", "me``: ``e2``")]      // one too many
    [InlineData("@`{\n  ``na‸\n  ``b``: 1\n}`;\n", "me``: ``e2```,", "me``: ``e2``")]
    [InlineData("@`{\n  ‸\n  ``b``: 1\n}`;\n", "`title`: `Star Wars`,", "")]              // closed and opened, but another sort
    [InlineData("@`{\n  ‸\n  ``b``: 1\n}`;\n", "` + name + @`", "` + name + @`")]
    [InlineData("@`{\n  ``b``: ``‸``;\n", "c`", "c")]                                     // it stands there, whole
    [InlineData("@`{\n  ``b``: ``c‸`;\n", "d`", "d")]                                     // the other half stands there
    [InlineData("@`{\n  ``b``: 1‸;\n", "}`", "}`")]                                       // nothing behind it ends the string
    public void A_doubled_quote_in_a_verbatim_string_stays_whole(string document, string raw, string expected)
    {
        Assert.Equal(expected.Replace('`', '"'), Shape("csharp", "x = " + document.Replace('`', '"'), raw.Replace('`', '"')));
    }

    [Theory]
    [InlineData("python", "tokens.append‸ \" * n))\n", "(Text(", "(Text(\"")]
    [InlineData("python", "write.assert‸ r\")\n", "_called_with(", "_called_with(\"")]
    [InlineData("csharp", "f(‸ c\");\n", "a, \"b", "a, \"b")]                 // it has opened one itself
    [InlineData("csharp", "f(\"a‸ c);\n", "b", "b\"")]
    [InlineData("typescriptreact", "<p>‸ don't</p>\n", "They", "They")]      // an apostrophe
    [InlineData("go", "t.‸ made: %s\", e)\n", "F(\"no: %s\", e)", "F(\"no: %s\", e)")] // its brackets say that it didn't mean to
    [InlineData("go", "T ‸wrong\"`\n", "Time", "Time")]                     // another string begins there
    public void A_suggestion_opens_the_string_that_ends_behind_it(string language, string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(language, document, raw));
    }

    [Theory]
    [InlineData("python", "def f():\n    a = ‸\n", "1\n    b = 2\n", "1")]                                            // the statement has ended
    [InlineData("python", "def f():\n    if a‸\n", ":\n        b()\n    else:\n        c()\n    d()\n", ":\n        b()\n    else:\n        c()")]
    [InlineData("python", "def f():\n    ‸\n", "a()\n\n    b()\n\ndef g():\n    c()", "a()\n\n    b()")]                  // the block has ended
    [InlineData("python", "    a()\n    ‸\n", "b()\n    c()\n\n    d()\n", "b()\n    c()")]                              // the paragraph has
    [InlineData("python", "‸\n", "import a\nimport b\n\nclass C:\n", "import a\nimport b")]                              // before the next definition
    [InlineData("csharp", "    var a = ‸\n", "F(\n        b,\n        c);\n    d();", "F(\n        b,\n        c);")]   // its own brackets go over lines
    [InlineData("markdown", "Some words ‸\n", "and more.\nAnother line.\n", "and more.")]
    public void A_suggestion_ends_where_indentation_ends_what_it_belongs_to(string language, string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(language, document, raw));
    }

    [Theory]
    [InlineData("typescript", "import ‸ } from './mergeInternals';\n", "{ mergeMap } from '../util';", "{ mergeMap")]
    [InlineData("csharp", "a = ‸ + base.Count;\n", "c + base.Length;", "c")]
    [InlineData("csharp", "a = ‸ + base.Count;\n", "c + bar.Length", "c + bar.Length")]
    public void A_good_part_of_what_follows_on_the_line_ends_a_suggestion_whatever_comes_after_it(string language, string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape(language, document, raw));
    }

    [Theory]
    [InlineData("a();\na();\na();\na();\n", "a();\na();")]
    [InlineData("first(one);\nsecond(two);\nfirst(one);\nsecond(two);\n", "first(one);\nsecond(two);\nfirst(one);")]
    [InlineData("var number1 = 1;\nvar number2 = 2;\nvar number3 = 3;\nvar number4 = 4;\nvar number5 = 5;\n", "var number1 = 1;\nvar number2 = 2;\nvar number3 = 3;\nvar number4 = 4;")]
    public void A_loop_ends_where_it_is_sure_to_be_one(string raw, string expected)
    {
        Assert.Equal(expected, Shape("csharp", "‸\n", raw));
    }

    [Theory]
    [InlineData("this._state = { _state: { _state: { _state: { _state: { _state: {", "this._state = { _state: { _state:}}")]
    [InlineData("x = first_value + first_value + first_value + first_value + first_value", "x = first_value + first_value +")]
    [InlineData("a();\nb(c(), fun(fun(fun(fun(fun(", "a();")] // a line below is not shown at all
    [InlineData("x = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];", "x = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];")]
    [InlineData("F(null, null, null, null, null);", "F(null, null, null, null, null);")]
    [InlineData("F(string.Empty, string.Empty, string.Empty);", "F(string.Empty, string.Empty, string.Empty);")]
    [InlineData("vec![vec![vec![0; n]; n]; n];", "vec![vec![vec![0; n]; n]; n];")]
    public void A_part_that_repeats_itself_within_a_line_is_a_loop_where_it_says_much_or_nests(string raw, string expected)
    {
        Assert.Equal(expected, Shape("csharp", "‸\n", raw));
    }

    [Theory]
    [InlineData("{\n    a();\n    ‸\n    base.Call(b,  c);\n}\n", "d();\n    base.Call(b, c)", "d();")]
    [InlineData("    ‸\n    // check the flags\n    f();\n", "g();\n    // check the flags\n    h();", "g();")]
    public void A_line_that_stands_below_is_not_said_again_whatever_its_blanks_and_last_sign(string document, string raw, string expected)
    {
        Assert.Equal(expected, Shape("csharp", document, raw));
    }

    [Theory]
    [InlineData(new[] { -0.1f }, true)]
    [InlineData(new[] { -2f, -0.1f, -0.1f }, true)]  // by the third it is sure enough
    [InlineData(new[] { -2f, -2f, -0.1f }, false)]
    [InlineData(new[] { -2f }, false)]               // and where there is no third
    public void Whether_to_show_is_decided_by_the_first_three_tokens(float[] scores, bool isShown)
    {
        var gate = new ConfidenceGate(threshold: -0.8);

        foreach (var score in scores) gate.Push(score, length: 1);
        gate.End();

        Assert.Equal(isShown, gate.IsShown);
    }

    [Fact]
    public void What_only_says_the_typed_part_of_a_word_again_makes_nothing_surer()
    {
        var gate = new ConfidenceGate(threshold: -0.8);

        gate.Push(0, length: 0);

        Assert.Null(gate.IsShown);
    }

    [Theory]
    [InlineData("assert console.‸ 100\nassert console.color == \"true\"\n", "color == \"true\"")]
    [InlineData("assert console.‸ 100\nassert console.color == \"true\"\n", "color == \"true")]
    [InlineData("x = ‸ 1\nx = f(2)\n", "f(2")]
    public void What_closing_its_brackets_and_quotes_makes_the_line_below_is_not_shown(string document, string raw)
    {
        Assert.Equal("", Shape("python", document, raw));
    }

    private static string Shape(string language, string document, string raw)
    {
        var (text, cursor) = Marked.Text(document);
        var shaper = new CompletionShaper(SuggestionContext.At(text, cursor, language: CodeLanguage.ById(language)));
        shaper.Append(raw);
        return shaper.Finish(endedByModel: true);
    }
}
