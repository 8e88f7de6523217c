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
    /// <summary>Of each engine that runs; none where none does.</summary>
    public static IReadOnlyList<EngineCounts> Read(string json) =>
        json.Length == 0 ? [] : [.. JsonElement.Parse(json).EnumerateArray().Select(static report => report.GetProperty("stops").Deserialize<EngineCounts>(JsonSerializerOptions.Web)!)];

    /// <summary>The bar: whatever was outdone stopped within one step or was taken over within 300 ms, and nothing was given late.</summary>
    public static string AssertPrompt(string editor, IReadOnlyCollection<EngineCounts> counts)
    {
        var told = $"{editor}: {counts.Sum(static each => each.Given)} suggestions given, {counts.Sum(static each => each.GivenLate)} of them late; " +
            $"{counts.Sum(static each => each.Stopped)} generations stopped, {counts.Sum(static each => each.StoppedLate)} of them after more than one step; " +
            $"{counts.Sum(static each => each.Kept)} kept for the next request: {counts.Sum(static each => each.Adopted)} taken over ({counts.Sum(static each => each.AdoptedLate)} after 300 ms), " +
            $"{counts.Sum(static each => each.KeptToEnd)} came to their end, {counts.Sum(static each => each.KeptInVain)} stopped.";
        Assert.NotEmpty(counts);
        Assert.All(counts, each => Assert.True(each is { StoppedLate: 0, AdoptedLate: 0, GivenLate: 0 }, told));
        return told;
    }
}
