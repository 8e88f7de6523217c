using System.Diagnostics;
using System.Globalization;

namespace Infill.EndToEnd.Remote;

/// <summary>Two real llama-servers behind the editors of eight users, who type all the time; one is killed under them and comes back.</summary>
public sealed class FailOverTests(ITestOutputHelper output) : IDisposable
{
    private const int Users = 8;
    private const int KeysToJudgeBy = 160; // its 95th percentile has eight above it
    private const double Normal = 2;       // times the 95th percentile before

    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(10); // until all is as it was
    private static readonly Dictionary<string, string> s_variables = new(StringComparer.Ordinal)
    {
        ["INFILL_MAX_TOKENS"] = "8", // two servers and eight editors have the two cores of one machine
        ["INFILL_PREFIX_TOKENS"] = "128",
        ["INFILL_DEADLINE"] = "20000",
        ["INFILL_BACK_OFF"] = "0",
    };

    private readonly CancellationTokenSource _enough = new();
    private readonly List<TypingUser> _users = [];

    [Fact]
    public async Task One_of_two_servers_is_killed_and_comes_back_and_eight_users_who_type_see_no_error()
    {
        var busy = Machine.Busy();
        using var first = await StartAsync();
        using var second = await StartAsync();
        foreach (var (name, value) in s_variables) Environment.SetEnvironmentVariable(name, value); // the editors' processes inherit it
        Environment.SetEnvironmentVariable("INFILL_ENDPOINTS", $"{first.Url} {second.Url}");
        for (var user = 0; user < Users; user++) _users.Add(new TypingUser(user));
        var working = _users.ConvertAll(user => user.WorkAsync(_enough.Token));
        await KeysAsync(working, from: 0, 2 * KeysToJudgeBy); // both files of each user are known to their server

        var beganAt = Stopwatch.GetTimestamp();
        var (firstAtBegin, secondAtBegin) = (await first.GeneratedAsync(), await second.GeneratedAsync());
        await KeysAsync(working, beganAt, KeysToJudgeBy);
        var (ofFirst, ofSecond) = (await first.GeneratedAsync() - firstAtBegin, await second.GeneratedAsync() - secondAtBegin);

        var killedAt = Stopwatch.GetTimestamp();
        first.Kill();
        using var again = await StartAsync(first.Port);
        var restarted = Stopwatch.GetElapsedTime(killedAt);
        var normalAt = killedAt + (long)(s_most.TotalSeconds * Stopwatch.Frequency);
        await KeysAsync(working, normalAt, KeysToJudgeBy);
        var ofAgain = await again.GeneratedAsync();
        await _enough.CancelAsync();
        await Task.WhenAll(working);

        var before = Percentile(Between(beganAt, killedAt));
        var meanwhile = Between(killedAt, normalAt);
        var after = Percentile(Between(normalAt, long.MaxValue));
        output.WriteLine($"{Users} users who type, {Between(0, long.MaxValue).Count} keys; {ofFirst / (ofFirst + ofSecond):P0} and {ofSecond / (ofFirst + ofSecond):P0} of the tokens before, by the servers' own counts");
        output.WriteLine($"one is killed, and there again after {restarted.TotalSeconds:F1} s; it has made {ofAgain} tokens since");
        output.WriteLine($"95th percentile of the time to a suggestion: {before:F0} ms before, {Percentile(meanwhile):F0} ms in the {s_most.TotalSeconds} s since, {after:F0} ms after those: {after / before:F2} times{busy}");

        Assert.InRange(ofFirst / (ofFirst + ofSecond), 0.4, 0.6);
        Assert.True(busy is not null || after / before <= Normal, "It is slower than before.");
        Assert.True(ofAgain > 0, "Nothing was asked of the server that came back.");
        Assert.InRange(Between(0, long.MaxValue).Count(static key => !key.HasText), 0, Users); // what was being written when its server was killed may be too little to show
        Assert.All(_users, static user => Assert.Equal(0, user.StrayAnswers));
        Assert.All(_users, static user => Assert.Empty(user.Shown));
    }

    public void Dispose()
    {
        _enough.Cancel();
        foreach (var user in _users) user.Dispose();
        foreach (var name in s_variables.Keys.Append("INFILL_ENDPOINTS")) Environment.SetEnvironmentVariable(name, null);
        _enough.Dispose();
    }

    /// <summary>One core each, and a slot for each file of each user, where all have to go to one of the two.</summary>
    private static Task<LlamaServer> StartAsync(int port = 0) => LlamaServer.StartAsync(port, threads: 1, slots: 2 * Users);

    /// <summary>Waits until so many keys that were pressed since a moment have been answered.</summary>
    private Task<List<TypedKey>> KeysAsync(List<Task> working, long from, int count) => Eventually.GetAsync(
        async () =>
        {
            if (working.FirstOrDefault(static task => task.IsFaulted) is { } failed) await failed;
            return Between(from, long.MaxValue) is { } keys && keys.Count >= count ? keys : null;
        },
        () => Task.FromResult($"{Between(from, long.MaxValue).Count} of {count} keys were answered.\n{string.Join('\n', _users.SelectMany(static user => user.Log))}"));

    private List<TypedKey> Between(long from, long to) => [.. _users.SelectMany(static user => user.Keys).Where(key => key.PressedAt >= from && key.PressedAt < to)];

    /// <summary>Milliseconds below which 95 of 100 keys had their answer.</summary>
    private static double Percentile(List<TypedKey> keys)
    {
        var sorted = keys.Select(static key => key.Took.TotalMilliseconds).Order().ToList();
        return sorted[(int)Math.Ceiling(0.95 * sorted.Count) - 1];
    }
}
