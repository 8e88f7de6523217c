using Infill.Completion.Context;

namespace Infill.Tests.Completion.Context;

public sealed class ContextIndexTests
{
    private static readonly ContextSource s_one = Files.Source("one.py", "def one():\n    return 1\n");
    private static readonly ContextSource s_two = Files.Source("two.py", "def two():\n    return 2\n");

    [Fact]
    public async Task An_edit_cuts_its_file_anew_and_no_other()
    {
        var index = await Files.IndexAsync(s_one, s_two);
        var before = index.Files(out _).Single(static file => file.Path == "one.py");

        index.Refresh([s_one, s_two with { Text = s_two.Text.With(0, 0, "# new\n") }], active: "");
        await index.Settled;

        Assert.Same(before, index.Files(out _).Single(static file => file.Path == "one.py"));
        Assert.StartsWith("# new", index.Files(out _).Single(static file => file.Path == "two.py").Chunks[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_that_is_typed_in_is_not_cut_until_the_user_leaves_it()
    {
        var index = await Files.IndexAsync(s_one);
        index.Refresh([s_one, s_two], active: s_two.Key);
        await index.Settled;
        Assert.Equal(1, index.Count);

        index.Refresh([s_one, s_two], active: s_one.Key);
        await index.Settled;

        Assert.Equal(2, index.Count);
    }

    [Fact]
    public async Task Beyond_its_memory_the_oldest_go()
    {
        var index = new ContextIndex(static _ => true, mostCharacters: 1000);

        index.Refresh(Enumerable.Range(0, 100).Select(static i => Files.Source($"m{i}.py", $"def number_{i}():\n    return {i}\n")), active: "");
        await index.Settled;

        Assert.InRange(index.Files(out _).Sum(static file => file.Characters), 500, 1000);
    }

    [Fact]
    public async Task A_file_on_disk_gives_way_to_the_document_and_is_refused_where_there_is_no_room()
    {
        var index = new ContextIndex(static _ => true, mostCharacters: 60);
        index.Put(s_one);
        index.Put(s_two with { Text = s_two.Text.With(0, 0, new string('x', 100) + "\n") });
        Assert.Equal(["one.py"], index.Files(out _).Select(static file => file.Path));

        index.Refresh([s_one with { Text = s_one.Text.With(0, 0, "# open\n") }], active: "");
        await index.Settled;
        index.Put(s_one);

        Assert.StartsWith("# open", Assert.Single(index.Files(out _)).Chunks[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_admitted_has_no_chunks()
    {
        var index = new ContextIndex(static source => source.Path != "one.py");

        index.Refresh([s_one, s_two], active: "");
        await index.Settled;

        Assert.Equal(["two.py"], index.Files(out _).Where(static file => file.Chunks.Length > 0).Select(static file => file.Path));
    }

    [Theory]
    [InlineData("binary\0file")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n")]
    public async Task Neither_have_binary_files_and_private_keys(string text)
    {
        var index = await Files.IndexAsync(Files.Source("harmless.txt", text));

        Assert.Empty(Assert.Single(index.Files(out _)).Chunks);
    }

    [Fact]
    public async Task Nor_huge_ones()
    {
        var index = await Files.IndexAsync(Files.Source("huge.py", new string('\n', ContextFilter.MostCharacters) + "x = 1"));

        Assert.Empty(Assert.Single(index.Files(out _)).Chunks);
    }
}
