using System.Globalization;
using Infill.Completion.Acceptance;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Infill.Server.Statistics;

/// <summary>The user's sums as a terminal shows them.</summary>
internal static class StatisticsView
{
    /// <param name="period">What the sums are of: "today", say.</param>
    /// <param name="byLanguage">The sums.</param>
    public static IRenderable Of(string period, IReadOnlyDictionary<string, Tally> byLanguage)
    {
        var table = new Table { Title = new TableTitle(period), Border = TableBorder.Simple };
        table.AddColumn("language");
        foreach (var name in (string[])["shown", "accepted", "by word", "by line", "typed through", "dismissed", "characters", "kept 30 s", "compute per character"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (var (language, tally) in byLanguage.OrderByDescending(static pair => pair.Value.Shown)) Row(table, language.Length > 0 ? language : "other", tally);
        if (byLanguage.Count > 1) Row(table, "all", byLanguage.Values.Aggregate(Tally.Add));
        return table;
    }

    private static void Row(Table table, string language, Tally tally) => table.AddRow(
        Markup.Escape(language),
        Number(tally.Shown),
        $"{Number(tally.Accepted)}{Share(tally.Accepted, tally.Shown)}",
        Number(tally.AcceptedWords),
        Number(tally.AcceptedLines),
        Number(tally.TypedThrough),
        $"{Number(tally.Dismissed)}{Share(tally.Dismissed, tally.Shown)}",
        Number(tally.Characters),
        tally.CharactersJudged > 0 ? Percent(tally.CharactersKept, tally.CharactersJudged) : "–",
        tally.Characters > 0 ? string.Create(CultureInfo.InvariantCulture, $"{tally.ComputeMilliseconds / 1000 / tally.Characters:F3} s") : "–");

    private static string Share(long part, long whole) => whole > 0 ? $" ({Percent(part, whole)})" : "";

    private static string Percent(long part, long whole) => string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / whole:F0} %");

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
