using Infill.Completion.Acceptance;
using Infill.Server;
using Infill.Server.Commands;
using Infill.Server.Statistics;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Statistics;

/// <summary>The user's sums in their file, and as <c>infill stats</c> shows them.</summary>
public sealed class StatisticsTests : IDisposable
{
    private static readonly DateOnly s_day = new(1970, 1, 1);

    private readonly string _folder = Directory.CreateTempSubdirectory("infill-stats-").FullName;
    private readonly ManualTime _time = new();
    private readonly StatisticsFile _file;

    public StatisticsTests() => _file = new StatisticsFile(Path.Combine(_folder, "new", "stats.json"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Sums_are_added_by_day_and_language()
    {
        Assert.True(_file.TryAdd(s_day, Python(shown: 2, accepted: 1), NullLogger.Instance));
        Assert.True(_file.TryAdd(s_day, Python(shown: 3, accepted: 0), NullLogger.Instance));

        Assert.Equal(new Tally { Shown = 5, Accepted = 1 }, _file.Read()["1970-01-01"]["python"]);
    }

    [Fact]
    public async Task Servers_that_write_at_once_lose_nothing()
    {
        const int Servers = 4, Times = 25;

        await Task.WhenAll(Enumerable.Range(0, Servers).Select(_ => Task.Run(() =>
        {
            for (var time = 0; time < Times; time++)
            {
                while (!_file.TryAdd(s_day, Python(shown: 1, accepted: 0), NullLogger.Instance))
                {
                    // Another has it: a server would keep its sums until the next time.
                }
            }
        })));

        Assert.Equal(Servers * Times, _file.Read()["1970-01-01"]["python"].Shown);
    }

    [Fact]
    public void A_broken_file_is_put_aside_and_not_lost()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_file.Path)!);
        File.WriteAllText(_file.Path, "{ half");

        Assert.True(_file.TryAdd(s_day, Python(shown: 1, accepted: 0), NullLogger.Instance));

        Assert.Equal("{ half", File.ReadAllText($"{_file.Path}.broken"));
        Assert.Equal(1, _file.Read()["1970-01-01"]["python"].Shown);
    }

    [Fact]
    public void The_command_shows_shares_and_says_where_nothing_is_counted()
    {
        var output = new StringWriter();
        Assert.Equal(ExitCodes.Done, StatsCommand.Run(_file, isJson: false, output, TextWriter.Null, _time));
        Assert.Contains(_file.Path, output.ToString(), StringComparison.Ordinal);

        _file.TryAdd(s_day, Python(shown: 4, accepted: 1), NullLogger.Instance);
        Assert.Equal(ExitCodes.Done, StatsCommand.Run(_file, isJson: false, output, TextWriter.Null, _time));

        Assert.Contains("python", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("1 (25 %)", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cant_be_read_is_named_with_what_to_do()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_file.Path)!);
        File.WriteAllText(_file.Path, "[]");
        var errors = new StringWriter();

        Assert.Equal(ExitCodes.Failed, StatsCommand.Run(_file, isJson: true, TextWriter.Null, errors, _time));

        Assert.Contains("Delete the file", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sums_are_written_once_a_minute_and_when_asked()
    {
        var book = new StatisticsBook(_file, _time, NullLogger.Instance);
        book.Add("python", new Tally { Shown = 1 });
        Assert.False(File.Exists(_file.Path));

        book.Write();
        book.Write(); // nothing new

        Assert.Equal(1, _file.Read().Single().Value["python"].Shown);
    }

    private static Dictionary<string, Tally> Python(int shown, int accepted) => new(StringComparer.Ordinal) { ["python"] = new Tally { Shown = shown, Accepted = accepted } };
}
