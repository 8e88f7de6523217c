namespace Infill.EndToEnd;

/// <summary>From a key to the ghost text's extmark, in milliseconds.</summary>
/// <param name="Whole">All of it.</param>
/// <param name="Asked">Of that, from asking the server to its first text.</param>
internal sealed record KeyDelay(double Whole, double Asked);

/// <summary>What the keys of one session took.</summary>
internal static class KeyDelays
{
    /// <summary>Which nobody suggests: nearly every key is asked for.</summary>
    public const string Typed = "quiz_vex(jolt, zap, knob, ";

    private const int FewestKeys = 12;
    private const double MostMilliseconds = 40;

    /// <summary>Asserts that little is added to what the server takes and the editor waits.</summary>
    /// <param name="output">Of the test.</param>
    /// <param name="editor">Whose figures they are.</param>
    /// <param name="delays">One for each key that had a suggestion.</param>
    /// <param name="editorsOwnWait">Milliseconds before it asks.</param>
    public static void AssertShort(ITestOutputHelper output, string editor, IReadOnlyCollection<KeyDelay> delays, double editorsOwnWait)
    {
        Assert.True(delays.Count >= FewestKeys, $"Only {delays.Count} keys were asked for and had a suggestion.");
        var overs = delays.Select(delay => delay.Whole - delay.Asked - editorsOwnWait).ToList();
        var (low, high) = MedianRange(overs);
        var wait = editorsOwnWait > 0 ? $" and the editor's wait of {editorsOwnWait} ms" : "";
        var told = $"{editor}: key → ghost text median {Median(delays.Select(static delay => delay.Whole)):F1} ms over {delays.Count} keys, {Median(overs):F1} ({low:F1} to {high:F1}) ms of it beyond the server's own time{wait}.";
        Figures.Tell(output, $"{editor}: key", told);
        Assert.True(low <= MostMilliseconds, told);
    }
}
