using Infill.Completion.Documents;
using Infill.Server.Context;

namespace Infill.Tests.Server.Context;

public sealed class WorkspaceFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("infill-files-").FullName;

    [Fact]
    public void Source_files_come_the_nearest_first_and_without_what_is_ignored_or_secret()
    {
        foreach (var path in (string[])["top.py", "near/a.py", "near/deep/b.py", "far/c.py", "gone/d.py", "near/.env", "near/secrets.json", "node_modules/e.js", ".hidden/f.py", "near/read.me"]) Write(path, "x = 1\n");
        Write(".gitignore", "gone/\n");

        var files = new WorkspaceFiles(IgnoreRules.ForContext()).Walk(_root, Path.Combine(_root, "near")).Select(file => Path.GetRelativePath(_root, file));

        Assert.Equal(["near/a.py", "near/deep/b.py", "top.py", "far/c.py"], files);
    }

    [Theory]
    [InlineData("a\0b")]
    [InlineData("")]
    public void What_is_no_text_is_not_read(string text)
    {
        Write("a.py", text);

        Assert.Equal(text.Length == 0, WorkspaceFiles.TryRead(Path.Combine(_root, "a.py")) is not null);
    }

    [Fact]
    public async Task A_file_on_disk_gets_chunks_of_its_neighbours_under_their_names_in_the_repository()
    {
        Directory.CreateDirectory(Path.Combine(_root, ".git"));
        Write("lib/money.py", "class Money:\n    def convert(self, rate):\n        return rate\n");
        Write("app/main.py", "price = Money(5)\nprice.");
        var text = SourceText.From("price = Money(5)\nprice.");

        var choices = await SiblingContext.ChooseAsync(Path.Combine(_root, "app", "main.py"), text, text.Length, 100, TestContext.Current.CancellationToken);

        Assert.Equal(("lib/money.py", "defines Money"), (Assert.Single(choices).Chunk.Path, choices[0].Reason));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
        File.WriteAllText(Path.Combine(_root, path), text);
    }
}
