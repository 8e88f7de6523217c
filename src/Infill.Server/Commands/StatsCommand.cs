using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Infill.Completion.Acceptance;
using Infill.Server.Statistics;
using Spectre.Console;

namespace Infill.Server.Commands;

/// <summary><c>infill stats</c>: what became of the user's suggestions, from a file that never leaves the machine.</summary>
internal static class StatsCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Command("stats", "Show what became of suggestions: shown, accepted, dismissed, still there. The sums stay on this machine.") { json };
        command.SetAction(arguments => Run(StatisticsFile.OfUser, arguments.GetValue(json), Console.Out, Console.Error, TimeProvider.System));
        return command;
    }

    internal static int Run(StatisticsFile file, bool isJson, TextWriter output, TextWriter errors, TimeProvider time)
    {
        SortedDictionary<string, Dictionary<string, Tally>> days;
        try
        {
            days = file.Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            errors.WriteLine($"The statistics in '{file.Path}' can't be read: {e.Message} Delete the file to begin anew.");
            return ExitCodes.Failed;
        }

        if (isJson)
        {
            output.WriteLine(JsonSerializer.Serialize(days, StatisticsJsonContext.Default.SortedDictionaryStringDictionaryStringTally));
            return ExitCodes.Done;
        }

        if (days.Count == 0)
        {
            output.WriteLine($"Nothing is counted yet. It will be in '{file.Path}', and nowhere else.");
            return ExitCodes.Done;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (Console.IsOutputRedirected) console.Profile.Width = 160;
        var today = DateOnly.FromDateTime(time.GetLocalNow().DateTime);
        foreach (var (period, length) in ((string, int)[])[("today", 1), ("7 days", 7), ("30 days", 30), ("a year", 365)])
        {
            var sums = Sums(days, today.AddDays(1 - length));
            if (sums.Count > 0) console.Write(StatisticsView.Of(period, sums));
        }

        return ExitCodes.Done;
    }

    private static Dictionary<string, Tally> Sums(SortedDictionary<string, Dictionary<string, Tally>> days, DateOnly first)
    {
        var sums = new Dictionary<string, Tally>(StringComparer.Ordinal);
        var name = first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        foreach (var (language, tally) in days.Where(day => string.CompareOrdinal(day.Key, name) >= 0).SelectMany(static day => day.Value))
        {
            sums[language] = (sums.GetValueOrDefault(language) ?? Tally.Zero) + tally;
        }

        return sums;
    }
}
