using System.Diagnostics;
using System.Globalization;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Soak;

/// <summary>
/// Eight users at one server for minutes: typing, cancelling, closing, while the machine goes to sleep in the middle of a step.
/// Three minutes unless <c>INFILL_SOAK_MINUTES</c> says otherwise.
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Users = 8;
    private const string Recovered = "its context is made anew";

    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(60); // in three seconds
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(
        double.Parse(Environment.GetEnvironmentVariable("INFILL_SOAK_MINUTES") ?? "3", CultureInfo.InvariantCulture));

    [Fact]
    public async Task Eight_users_are_served_for_minutes_through_a_step_that_overran_and_memory_stays_flat()
    {
        using var server = new LspProcess(Places.Server, "lsp", "--stdio");
        var trips = 0;
        server.Logged = line => trips += line.Contains(Recovered, StringComparison.Ordinal) ? 1 : 0;
        await server.InitializeAsync(isGrowing: true);
        var users = Enumerable.Range(0, Users).Select(number => new SoakUser(server, number)).ToArray();
        using var enough = new CancellationTokenSource(Length);

        var work = Task.WhenAll(users.Select(user => user.WorkAsync(enough.Token)));
        var memory = ResidentMemory.WatchAsync(server, enough.Token);
        await SleepUntilAsync(server.ProcessId, () => Volatile.Read(ref trips) > 0, enough.Token);
        await work;
        var curve = await memory;

        output.WriteLine($"{users.Sum(user => user.Requests)} requests, {users.Sum(user => user.Texts)} with text, {users.Sum(user => user.Cancels)} cancelled; {trips} steps overran");
        output.WriteLine(curve.ToString());
        Assert.True(Volatile.Read(ref trips) > 0, "The watchdog was never tripped.");
        Assert.Equal(0, server.StrayAnswers);
        Assert.All(users, static user => Assert.Null(user.Complaint));
        Assert.All(users, static user => Assert.True(user.Texts > 0));
        Assert.True(curve.IsFlat, curve.ToString());
        await AssertQuietAsync(server);
        Assert.All(await Task.WhenAll(users.Select(static user => user.AskOnceMoreAsync())), static answer => Assert.NotNull(answer["result"]));
    }

    /// <summary>
    /// A machine that sleeps makes a step overrun like one that hangs: when it wakes, the watchdog's time is long over. It has to
    /// fall asleep inside a step, so it tries until it does.
    /// </summary>
    private static async Task SleepUntilAsync(int process, Func<bool> hasTripped, CancellationToken enough)
    {
        var warmUp = Length / 12;
        while (!hasTripped() && !enough.IsCancellationRequested)
        {
            await Task.Delay(warmUp, CancellationToken.None);
            await Shell.RunAsync("kill", ["-STOP", $"{process}"], TimeSpan.FromSeconds(10));
            await Task.Delay(TimeSpan.FromSeconds(4), CancellationToken.None);
            await Shell.RunAsync("kill", ["-CONT", $"{process}"], TimeSpan.FromSeconds(10));
            warmUp = TimeSpan.FromSeconds(1);
        }
    }

    /// <summary>
    /// A sequence that was forgotten would go on computing. What users typed last may still be looked ahead from and its whole
    /// prompt computed, which on a slow machine takes seconds: it has to come to an end.
    /// </summary>
    private async Task AssertQuietAsync(LspProcess server)
    {
        var began = Stopwatch.GetTimestamp();
        TimeSpan used;
        do
        {
            var before = server.ProcessorTime;
            await Task.Delay(TimeSpan.FromSeconds(3));
            used = server.ProcessorTime - before;
            output.WriteLine($"{used.TotalMilliseconds:F0} ms of computing in 3 s");
        }
        while (used > Idle && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30));

        Assert.InRange(used, TimeSpan.Zero, Idle);
    }
}
