using System.Globalization;
using System.Text.RegularExpressions;

namespace Infill.EndToEnd;

/// <summary>What our plugin costs where Neovim opens a file, by Neovim's own account.</summary>
public sealed partial class StartUpTests(ITestOutputHelper output)
{
    private const int Turns = 15;
    private const double MostMilliseconds = 50;

    [Fact]
    public async Task The_plugin_adds_little_before_the_first_key_can_be_typed()
    {
        await using var terminal = await ChrootTerminal.CreateAsync();
        NeovimEditor.Prepare(terminal, SampleCode.Shapes, "plugin.lua");
        await File.WriteAllTextAsync(Path.Combine(terminal.Work, "plain.lua"), "vim.o.swapfile = false\n");

        // It leaves once it would take keys; by turns, as the machine's speed drifts.
        const string Leave = "autocmd VimEnter * ++once call timer_start(0, {-> execute('qall!')})";
        await terminal.StartAsync("sh", "-c",
            $"for turn in $(seq {Turns}); do for side in plain plugin; do nvim --clean -u /mnt/$side.lua --startuptime /mnt/$side.$turn --cmd \"{Leave}\" /mnt/project/shapes.py; done; done; touch /mnt/done");
        await Eventually.GetAsync(() => Task.FromResult(File.Exists(Path.Combine(terminal.Work, "done")) ? "done" : null), terminal.ScreenAsync);

        var (plain, plugin) = (Times("plain"), Times("plugin"));
        var added = plugin.Zip(plain, static (with, without) => with - without).ToList();
        var (low, high) = MedianRange(added);
        var told = $"Neovim: {Median(plain):F1} ms until it takes keys, with the plugin {Median(added):F1} ({low:F1} to {high:F1}) ms more (median of {Turns} pairs).";
        Figures.Tell(output, "Neovim: start", told);
        Assert.True(low <= MostMilliseconds, told);

        List<double> Times(string side) =>
            [.. Enumerable.Range(1, Turns).Select(turn => Started().Matches(File.ReadAllText(Path.Combine(terminal.Work, $"{side}.{turn}")))
                .Max(static match => double.Parse(match.Groups["at"].Value, CultureInfo.InvariantCulture)))];
    }

    /// <summary>The milliseconds before Neovim's own last line.</summary>
    [GeneratedRegex(@"^(?<at>[\d.]+) .*NVIM STARTED", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Started();
}
