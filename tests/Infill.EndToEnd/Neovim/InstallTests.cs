namespace Infill.EndToEnd;

/// <summary>From the archive to a suggestion, in a home where nothing is.</summary>
public sealed class InstallTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task An_archive_installed_in_an_empty_home_serves_Neovim_with_one_line()
    {
        await using var editor = await NeovimEditor.OpenAsync(SampleCode.Shapes, "installed.lua", prepare: InstallAsync);

        await editor.PressAsync("G", "o");
        await editor.TypeAsync("def ");

        await editor.UntilAsync(state => state.Ghost.Length > 0);
        output.WriteLine(await editor.ScreenAsync());
    }

    [Fact]
    public async Task An_upgrade_replaces_it_and_uninstalling_leaves_nothing_but_settings()
    {
        var home = Directory.CreateTempSubdirectory("infill-home-").FullName;
        try
        {
            var settings = Path.Combine(home, ".config", "infill", "config.json");
            Directory.CreateDirectory(Path.GetDirectoryName(settings)!);
            await File.WriteAllTextAsync(settings, "{}");
            var archive = await PackAsync(home);
            await RunAsync(home, "install.sh", archive);

            var upgraded = await RunAsync(home, "install.sh", archive);
            var version = (await Shell.RunAsync(Path.Combine(home, ".local", "bin", "infill"), ["--version"], Limit)).OrThrow("infill --version");
            await RunAsync(home, "install.sh", "--uninstall");

            output.WriteLine(upgraded);
            Assert.Contains(version.Output.Trim(), upgraded, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(home, ".local", "lib")));
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(home, ".local", "bin")));
            Assert.True(File.Exists(settings));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public async Task An_archive_that_is_not_what_its_checksum_says_is_refused()
    {
        var home = Directory.CreateTempSubdirectory("infill-home-").FullName;
        try
        {
            var archive = Path.Combine(home, "infill-linux-x64.tar.gz");
            await File.WriteAllTextAsync(archive, "something else");
            await File.WriteAllTextAsync(archive + ".sha256", $"{new string('0', 64)}  infill-linux-x64.tar.gz\n");

            var result = await Shell.RunAsync("env", [$"HOME={home}", Path.Combine(Places.Editors, "install.sh"), archive], Limit);

            Assert.Equal(1, result.ExitCode);
            Assert.Contains("fetch it again", result.Errors, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(home, ".local")));
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Theory]
    [InlineData("publish.sh", "win-x64", "infill can't be built for win-x64: it is made for llama.cpp as in release ", "@node-llama-cpp/win-x64 up to ")]
    [InlineData("pack.sh", "osx-arm64", "infill can't be built for osx-arm64: ", "@node-llama-cpp/mac-arm64-metal up to ")]
    [InlineData("vscode/package.sh", "win32-arm64", "infill can't be built for win-arm64: ", "@node-llama-cpp/win-arm64 up to ")]
    [InlineData("vscode/package.sh", "darwin-x64", "infill can't be built for osx-x64: ", "@node-llama-cpp/mac-x64 up to ")]
    [InlineData("vscode/package.sh", "alpine-x64", "infill can't be built for linux-musl-x64: npm's registry has no libraries of llama.cpp for it at all.", "linux-arm64")]
    public async Task A_platform_without_libraries_of_this_release_is_refused_with_what_there_is(string script, string platform, string sentence, string why)
    {
        var result = await Shell.RunAsync(Path.Combine(Places.Editors, script), [platform], Limit);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(sentence, result.Errors, StringComparison.Ordinal);
        Assert.Contains(why, result.Errors, StringComparison.Ordinal);
    }

    private static async Task InstallAsync(string work)
    {
        var home = Directory.CreateDirectory(Path.Combine(work, "home")).FullName;
        await RunAsync(home, "install.sh", await PackAsync(work));
    }

    private static async Task<string> PackAsync(string folder) => (await RunAsync(folder, "pack.sh", "linux-x64", folder)).Trim();

    private static async Task<string> RunAsync(string home, string script, params string[] arguments)
    {
        var command = (string[])["-u", "PREFIX", $"HOME={home}", $"INFILL_PUBLISHED={Places.Publish}", Path.Combine(Places.Editors, script), .. arguments];
        return (await Shell.RunAsync("env", command, Limit)).OrThrow(script).Output;
    }
}
