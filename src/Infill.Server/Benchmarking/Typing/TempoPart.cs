using System.Diagnostics;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>Keys that wait for nobody, eight a second: how many are answered before the next one.</summary>
internal sealed class TempoPart(BenchContext context)
{
    private const double KeysPerSecond = 8;

    private readonly Row _answered = new("keys answered before the next", "%", IsHigherBetter: true);
    private readonly Row _nothing = new("of them, with 'nothing'", "%");
    private readonly Row _answer = new("keystroke → text or 'nothing'", "ms");

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = new PartResult("tempo", $"{TraceFile.All.Count} files, {context.Options.Keys} keys in each, {KeysPerSecond} keys a second, each stops the request before it");
        result.Rows.AddRange([_answered, _nothing, _answer]);
        result.Notes.Add("infill through LSP. Times are those of the keys that were answered in time.");

        await using var sides = await TypingSides.StartAsync(context, withEngine: false, cancellationToken);
        await sides.RunAsync(PressAllAsync, cancellationToken);
        return result;
    }

    private async Task PressAllAsync(TypingTurn turn, CancellationToken cancellationToken)
    {
        var answers = new List<Task<KeyAnswer>>(turn.Keys.Count);
        var stops = new List<CancellationTokenSource>(turn.Keys.Count);
        var began = Stopwatch.GetTimestamp();
        foreach (var key in turn.Keys)
        {
            await NextKeyIsDueAsync();
            stops.Add(CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));
            answers.Add(turn.Typist.PressAsync(turn.Trace, key, stops[^1].Token));
        }

        await NextKeyIsDueAsync();
        var all = await Task.WhenAll(answers);
        foreach (var stop in stops) stop.Dispose();
        if (turn.IsWarmUp) return;

        var inTime = all.Where(static answer => answer.Answer is { } ms && ms < 1000 / KeysPerSecond).ToList();
        _answered[turn.Typist.Side].Add(turn.Round, 100.0 * inTime.Count / all.Length);
        _nothing[turn.Typist.Side].Add(turn.Round, inTime.Count == 0 ? 0 : 100.0 * inTime.Count(static answer => answer.IsNothing) / inTime.Count);
        foreach (var answer in inTime) _answer[turn.Typist.Side].Add(turn.Round, answer.Answer!.Value);

        async Task NextKeyIsDueAsync()
        {
            var due = TimeSpan.FromSeconds(answers.Count / KeysPerSecond) - Stopwatch.GetElapsedTime(began);
            if (due > TimeSpan.Zero) await Task.Delay(due, cancellationToken);
            if (stops.Count > 0) await stops[^1].CancelAsync();
        }
    }
}
