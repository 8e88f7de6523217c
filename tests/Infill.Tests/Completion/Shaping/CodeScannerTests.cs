using Infill.Completion.Shaping;

namespace Infill.Tests.Completion.Shaping;

public sealed class CodeScannerTests
{
    [Theory]
    [InlineData("csharp", "f(\"(\", '(') // (", "f(, ) ")]
    [InlineData("csharp", "a /* ( */ b", "a  b")]
    [InlineData("csharp", "@\"c:\\\" + (b)", "@ + (b)")]
    [InlineData("csharp", "@\"say \"\"(\"\" \" + (b)", "@ + (b)")]
    [InlineData("csharp", "\"\"\"\n\"(\n\"\"\" + (b)", " + (b)")]
    [InlineData("csharp", "'\\'' + '\\\\' + (b)", " +  + (b)")]
    [InlineData("python", "f('(', \"\"\"(\n(\"\"\") # (", "f(, ) ")]
    [InlineData("python", "x = \"\" + (y)", "x =  + (y)")]
    [InlineData("typescript", "a.replace(/[(/]\\(/g, `(${b}\n(`)", "a.replace(g, )")]
    [InlineData("typescript", "(a) / (b) / c", "(a) / (b) / c")]
    [InlineData("typescript", "x = 1; // (\n(y)", "x = 1; \n(y)")]
    [InlineData("go", "`\\` + (b)", " + (b)")]
    [InlineData("rust", "fn f<'a>(x: &'a str, c: char) { c == '(' }", "fn f<>(x: & str, c: char) { c ==  }")]
    [InlineData("java", "char c = '(';\n// don't (\n(x)", "char c = ;\n/\n(x)")]
    [InlineData("", "don't (\"(\")", "don't ()")]
    public void Only_code_counts(string language, string text, string code)
    {
        var scanner = new CodeScanner(CodeLanguage.ById(language));

        var kept = string.Concat(text.Where(c => scanner.Push(c)));

        // The first sign of `//` and `/*` is told as code: it might have been a division.
        Assert.Equal(code.Replace("/", "", StringComparison.Ordinal), kept.Replace("/", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("f(a[1], { b: 2 })", true)]
    [InlineData("f(a[1)", false)]
    [InlineData("f(a]1)", false)]
    [InlineData("}", false)]
    [InlineData("if (x) { // }\n}", true)]
    public void A_text_balances_where_every_bracket_has_its_partner(string text, bool balances)
    {
        Assert.Equal(balances, BracketStack.IsBalanced(text, CodeLanguage.ById("typescript")));
    }

    [Fact]
    public void Every_file_of_this_project_balances()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Scenarios.Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal)).ToList();

        var odd = files.Where(static path => !BracketStack.IsBalanced(File.ReadAllText(path), CodeLanguage.ById("csharp")));

        Assert.NotEmpty(files);
        Assert.Empty(odd);
    }
}
