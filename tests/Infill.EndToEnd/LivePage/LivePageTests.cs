using System.Text.Json;
using Infill.EndToEnd.Remote;

namespace Infill.EndToEnd.LivePage;

/// <summary>The page of <c>infill serve</c> in a real Chromium, under load: light and dark, on a desk and on a small phone.</summary>
public sealed class LivePageTests(LivePageReport live) : IClassFixture<LivePageReport>
{
    public static TheoryData<string> Looks => ["wideLight", "wideDark", "narrowLight", "narrowDark"];

    [Theory, MemberData(nameof(Looks))]
    public async Task Requests_come_and_go_and_the_figures_move(string look)
    {
        var seen = await live.OfAsync(look);

        Assert.Equal("ready", seen.State);
        Assert.True(seen.Seen > 6, $"{seen.Seen} requests were seen at work.");
        Assert.True(seen.Ended > 0, "None of them was seen ended.");
        Assert.Contains("decode", seen.Phases);
        Assert.All(seen.Tiles.Take(3), static values => Assert.True(values > 2, "A figure stands still.")); // tokens per second, running, first token
        Assert.Contains("cancelled", seen.Reasons);
        Assert.Contains(seen.Clients, static client => client.StartsWith("a-colleague", StringComparison.Ordinal));
        Assert.Equal("Nobody asks for anything.", seen.Quiet);
    }

    [Theory, MemberData(nameof(Looks))]
    public async Task Nothing_is_wider_than_the_window(string look)
    {
        var size = (await live.OfAsync(look)).Size;

        Assert.InRange(size.Page, 1, size.Window);
        Assert.Empty(size.Scrolling);
    }

    [Theory, MemberData(nameof(Looks))]
    public async Task Colours_are_those_that_the_reader_prefers_and_can_be_read(string look)
    {
        var colour = (await live.OfAsync(look)).Colour;

        if (look.EndsWith("Dark", StringComparison.Ordinal)) Assert.InRange(colour.Ground, 0, 0.1);
        else Assert.InRange(colour.Ground, 0.8, 1);
        Assert.InRange(colour.Contrast, 4.5, 21); // WCAG's level AA for text
    }

    [Theory, MemberData(nameof(Looks))]
    public async Task Nothing_is_asked_of_anybody_else_and_nothing_complains(string look)
    {
        var seen = await live.OfAsync(look);

        Assert.All(seen.Addresses, address => Assert.True(address.StartsWith("data:", StringComparison.Ordinal) || new Uri(address).Authority == live.Authority, address));
        Assert.Empty(seen.Errors);
    }
}

/// <summary>Starts a server, uses it, and looks at its page in every way, once for all tests.</summary>
public sealed class LivePageReport
{
    private static readonly TimeSpan s_installLimit = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);
    private Task<JsonElement>? _report; // the tests of a class run one after another

    /// <summary>Where screenshots are put.</summary>
    public static string Pictures => Path.Combine(AppContext.BaseDirectory, "live-page-screenshots");

    /// <summary>The server's host and port.</summary>
    public string Authority { get; private set; } = "";

    internal async Task<LookReport> OfAsync(string look) => (await (_report ??= RunAsync())).GetProperty(look).Deserialize<LookReport>(JsonSerializerOptions.Web)!;

    private async Task<JsonElement> RunAsync()
    {
        (await Shell.RunAsync(Path.Combine(Places.VsCode, "code-server.sh"), [Places.CodeServer], s_installLimit)).OrThrow("code-server.sh"); // Chromium comes with it
        using var server = await InfillServer.StartAsync();
        Authority = server.Url.Authority;
        var seen = await Shell.RunAsync("node", [Path.Combine(Places.LivePage, "page.mjs"), server.Url.ToString(), Pictures], s_limit);
        return JsonElement.Parse(seen.OrThrow("page.mjs").Output);
    }
}

/// <summary>What was seen in one window.</summary>
/// <param name="State">The engine's.</param>
/// <param name="Seen">Requests that were on the page while they were worked on.</param>
/// <param name="Ended">Of these, how many stood among the ended ones.</param>
/// <param name="Phases">In which the requests were seen.</param>
/// <param name="Tiles">How many different values each figure had.</param>
/// <param name="Reasons">Why requests ended.</param>
/// <param name="Clients">Who asked.</param>
/// <param name="Size">How wide things are.</param>
/// <param name="Colour">How bright.</param>
/// <param name="Errors">The console's errors and warnings.</param>
/// <param name="Addresses">Everything that was asked for.</param>
/// <param name="Quiet">The list of requests when the load had ended.</param>
internal sealed record LookReport(
    string State, int Seen, int Ended, IReadOnlyList<string> Phases, IReadOnlyList<int> Tiles, IReadOnlyList<string> Reasons, IReadOnlyList<string> Clients,
    LookSize Size, LookColour Colour, IReadOnlyList<string> Errors, IReadOnlyList<string> Addresses, string Quiet);

/// <summary>CSS pixels, and the beginnings of what scrolls sideways by itself.</summary>
internal sealed record LookSize(double Page, double Window, IReadOnlyList<string> Scrolling);

/// <summary>The ground's luminance, 0 to 1, and the least contrast of a text.</summary>
internal sealed record LookColour(double Ground, double Contrast);
