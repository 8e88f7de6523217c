using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Completion.Acceptance;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Statistics;

/// <summary>The user's sums, by day and language, in a file of theirs: added to by each server, read by <c>infill stats</c>. They go nowhere else.</summary>
/// <param name="path">The file; made, with its folder, by the first who adds.</param>
internal sealed class StatisticsFile(string path)
{
    private const int DaysKept = 365;

    /// <summary><c>~/.local/state/infill/stats.json</c>, or where <c>XDG_STATE_HOME</c> says.</summary>
    public static StatisticsFile OfUser
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            if (string.IsNullOrEmpty(home)) home = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
            return new StatisticsFile(System.IO.Path.Combine(home, "infill", "stats.json"));
        }
    }

    public string Path => path;

    /// <summary>Sums by day (yyyy-MM-dd) and language; empty where nothing was ever added.</summary>
    /// <exception cref="IOException">It is there and can't be read.</exception>
    /// <exception cref="JsonException">It holds something else.</exception>
    public SortedDictionary<string, Dictionary<string, Tally>> Read()
    {
        if (!File.Exists(path)) return new(StringComparer.Ordinal);
        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize(stream, StatisticsJsonContext.Default.SortedDictionaryStringDictionaryStringTally) ?? new(StringComparer.Ordinal);
    }

    /// <summary>Adds a day's sums. Servers take turns, and the file is whole at any time.</summary>
    /// <returns>False where another server has it or it can't be written: the sums are then still the caller's.</returns>
    public bool TryAdd(DateOnly day, IReadOnlyDictionary<string, Tally> byLanguage, ILogger logger)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            using var turn = new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            var days = ReadOrBegin(logger);
            var name = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            if (!days.TryGetValue(name, out var languages)) days[name] = languages = new(StringComparer.Ordinal);
            foreach (var (language, tally) in byLanguage) languages[language] = (languages.GetValueOrDefault(language) ?? Tally.Zero) + tally;
            while (days.Count > DaysKept) days.Remove(days.First().Key);

            File.WriteAllBytes($"{path}.new", JsonSerializer.SerializeToUtf8Bytes(days, StatisticsJsonContext.Default.SortedDictionaryStringDictionaryStringTally));
            File.Move($"{path}.new", path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug(e, "The statistics in '{File}' can't be added to now.", path);
            return false;
        }
    }

    /// <summary>A broken file is put aside rather than lost.</summary>
    private SortedDictionary<string, Dictionary<string, Tally>> ReadOrBegin(ILogger logger)
    {
        try
        {
            return Read();
        }
        catch (JsonException e)
        {
            logger.LogWarning("The statistics in '{File}' can't be read and begin anew; the old file is '{File}.broken'. {Reason}", path, path, e.Message);
            File.Move(path, $"{path}.broken", overwrite: true);
            return new(StringComparer.Ordinal);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(SortedDictionary<string, Dictionary<string, Tally>>))]
internal sealed partial class StatisticsJsonContext : JsonSerializerContext;
