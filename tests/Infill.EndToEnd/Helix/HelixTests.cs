using System.Text.RegularExpressions;

namespace Infill.EndToEnd;

/// <summary>A user at a real Helix, which has no inline completion: the suggestion as an entry of its menu.</summary>
public sealed partial class HelixTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_menu_offers_the_suggestion_and_enter_inserts_it()
    {
        await using var terminal = await ChrootTerminal.CreateAsync();
        var file = Path.Combine(terminal.Work, "project", "shapes.py");
        var configuration = Path.Combine(terminal.Work, "home", ".config", "helix");
        Directory.CreateDirectory(Path.Combine(terminal.Work, "project", ".git"));
        Directory.CreateDirectory(configuration);
        File.Copy(Path.Combine(Places.Helix, "languages.toml"), Path.Combine(configuration, "languages.toml"));
        await File.WriteAllTextAsync(file, SampleCode.Shapes);
        await terminal.StartAsync("hx", "/mnt/project/shapes.py");
        await UntilScreenAsync(terminal, Opened());

        await terminal.TypeAsync("geo    def __in"); // to the last line, and a new one after it
        await UntilScreenAsync(terminal, Entry());
        output.WriteLine(await terminal.ScreenAsync());
        await terminal.PressAsync("C-n", "Enter", "Escape");
        await UntilScreenAsync(terminal, NormalMode()); // a key at once after Escape would be one with Alt
        await terminal.TypeAsync(":write");
        await terminal.PressAsync("Enter"); // a line feed is another key to Helix

        await UntilScreenAsync(terminal, Written()); // the file is replaced by another, and for a moment there is none
        var written = await File.ReadAllTextAsync(file);
        Assert.StartsWith(SampleCode.Shapes + "    def __init__(self", written, StringComparison.Ordinal);
    }

    private static Task<string> UntilScreenAsync(ChrootTerminal terminal, Regex text) => Eventually.GetAsync<string>(
        async () => await terminal.ScreenAsync() is var screen && text.IsMatch(screen) ? screen : null, terminal.ScreenAsync);

    [GeneratedRegex(@"class Circle:", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Opened();

    [GeneratedRegex(@"^ *NOR ", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NormalMode();

    [GeneratedRegex(@"' written", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Written();

    /// <summary>The suggestion in the menu, and its kind behind it.</summary>
    [GeneratedRegex(@"__init__\(self.*:…? +text", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Entry();
}
