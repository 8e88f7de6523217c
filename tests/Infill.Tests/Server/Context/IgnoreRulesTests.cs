using Infill.Server.Context;

namespace Infill.Tests.Server.Context;

public sealed class IgnoreRulesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("infill-ignore-").FullName;
    private readonly IgnoreRules _rules = IgnoreRules.ForContext();

    [Theory]
    [InlineData("*.log", "a.log")]
    [InlineData("*.log", "deep/er/a.log")]
    [InlineData("build/", "build/a.py")]
    [InlineData("build/", "deep/build/er/a.py")]
    [InlineData("/top.py", "top.py")]
    [InlineData("src/gen", "src/gen/a.py")]
    [InlineData("**/cache/*.py", "deep/cache/a.py")]
    public void A_rule_leaves_out_what_it_names(string rule, string path)
    {
        Write(".gitignore", rule);

        Assert.True(IsIgnored(path));
    }

    [Theory]
    [InlineData("*.log", "a.py")]
    [InlineData("/top.py", "deep/top.py")]
    [InlineData("*.py\n!keep.py", "keep.py")]
    [InlineData("# a.py", "a.py")]
    [InlineData("", "a.py")]
    public void And_nothing_else(string rules, string path)
    {
        Write(".gitignore", rules);

        Assert.False(IsIgnored(path));
    }

    [Fact]
    public void A_deeper_file_of_rules_is_for_its_folder_and_outdoes_those_above()
    {
        Write(".gitignore", "*.gen.py");
        Write("deep/.gitignore", "own.py\n/placed.py\n!kept.gen.py");

        Assert.Equal(
            [true, false, true, true, true, false, false],
            new[] { "deep/own.py", "own.py", "deep/er/own.py", "deep/placed.py", "deep/x.gen.py", "deep/er/placed.py", "deep/kept.gen.py" }.Select(IsIgnored));
    }

    [Fact]
    public void Infillignore_leaves_out_besides()
    {
        Write(".infillignore", "private/");

        Assert.True(IsIgnored("private/a.py"));
        Assert.True(IgnoreRules.ForSuggestions().IsIgnored(Path.Combine(_root, "private", "a.py"), [_root]));
    }

    [Fact]
    public void The_rules_begin_at_the_repository_s_root_though_a_folder_in_it_is_open()
    {
        Directory.CreateDirectory(Path.Combine(_root, ".git", "info"));
        Write(".gitignore", "*.log");
        Write(".git/info/exclude", "mine.py");

        Assert.True(_rules.IsIgnored(Path.Combine(_root, "deep", "a.log"), [Path.Combine(_root, "deep")]));
        Assert.True(IsIgnored("deep/mine.py"));
        Assert.True(IsIgnored(".git/config"));
    }

    [Fact]
    public void A_change_of_the_rules_is_seen()
    {
        Write(".gitignore", "*.log");
        Assert.False(IsIgnored("a.py"));

        Write(".gitignore", "*.py");
        File.SetLastWriteTimeUtc(Path.Combine(_root, ".gitignore"), DateTime.UtcNow.AddMinutes(1));

        Assert.True(IsIgnored("a.py"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private bool IsIgnored(string path) => _rules.IsIgnored(Path.Combine(_root, path), [_root]);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }
}
