using System.Text.Json;

namespace Infill.EndToEnd;

/// <summary>What an engine's process has counted of stops and of what was too late, as <c>infill status --json</c> tells it.</summary>
/// <param name="Stopped">Generations that an edit or the client ended.</param>
/// <param name="StoppedLate">Of those, the ones that were in more than one step after that.</param>
/// <param name="Kept">Generations that an edit agreed with, so that the next request could take them over.</param>
/// <param name="Adopted">Of those, the ones that it took over,</param>
/// <param name="AdoptedLate">later than 300 ms,</param>
/// <param name="KeptToEnd">that came to their end and are known to the next,</param>
/// <param name="KeptInVain">and that were stopped as nobody came.</param>
/// <param name="Given">Suggestions that went to the editor.</param>
/// <param name="GivenLate">Of those, the ones for a text that the editor had changed already.</param>
internal sealed record EngineCounts(
    long Stopped, long StoppedLate, long Kept, long Adopted, long AdoptedLate, long KeptToEnd, long KeptInVain, long Given, long GivenLate)
{
    private static readonly Dictionary<string, List<EngineCounts>> s_sessions = new(StringComparer.Ordinal); // tests run one after another

    /// <summary>Of each engine that runs; none where none does.</summary>
    public static IReadOnlyList<EngineCounts> Read(string json) =>
        json.Length == 0 ? [] : [.. JsonElement.Parse(json).EnumerateArray().Select(static report => report.GetProperty("stops").Deserialize<EngineCounts>(JsonSerializerOptions.Web)!)];

    /// <summary>The bar: whatever was outdone stopped within one step or was taken over within 300 ms, and nothing was given late.</summary>
    /// <param name="output">Of the test.</param>
    /// <param name="editor">Whose sessions are told of together.</param>
    /// <param name="session">What the engines of this one counted.</param>
    public static void AssertPrompt(ITestOutputHelper output, string editor, IReadOnlyCollection<EngineCounts> session)
    {
        Assert.NotEmpty(session);
        if (!s_sessions.TryGetValue(editor, out var counts)) s_sessions[editor] = counts = [];
        counts.AddRange(session);
        var told = $"{editor}: {counts.Sum(static each => each.Given)} suggestions given, {counts.Sum(static each => each.GivenLate)} of them late; " +
            $"{counts.Sum(static each => each.Stopped)} generations stopped, {counts.Sum(static each => each.StoppedLate)} of them after more than one step; " +
            $"{counts.Sum(static each => each.Kept)} kept for the next request: {counts.Sum(static each => each.Adopted)} taken over ({counts.Sum(static each => each.AdoptedLate)} after 300 ms), " +
            $"{counts.Sum(static each => each.KeptToEnd)} came to their end, {counts.Sum(static each => each.KeptInVain)} stopped.";
        Figures.Tell(output, $"{editor}: counts", told);
        Assert.All(session, each => Assert.True(each is { StoppedLate: 0, AdoptedLate: 0, GivenLate: 0 }, told));
    }
}
