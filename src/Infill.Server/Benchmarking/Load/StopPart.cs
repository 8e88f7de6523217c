using System.Diagnostics;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Load;

/// <summary>A stop is asked for: how long until the side can do something else.</summary>
internal sealed class StopPart(BenchContext context)
{
    private const int StopsPerRound = 10;
    private const int ShortPrompt = 100;
    private const int TinyPrompt = 4;
    private const int MostTokens = 1000;
    private const int Others = 8;
    private const int Steps = 24;

    private readonly Dictionary<string, TimeSpan> _longPromptTakes = []; // by side
    private readonly Row _decode = new("stop → free, alone in decode", "ms");
    private readonly Row _prefill = new($"stop → free, in the prefill of {context.Options.LongPrompt} tokens", "ms");
    private readonly Row _beside = new($"stop → free, beside {Others} running", "ms");
    private readonly Row _shortStep = new($"one decode step after {ShortPrompt} tokens, without guesses", "ms");
    private readonly Row _longStep = new($"one decode step after {context.Options.LongPrompt} tokens, without guesses", "ms");
    private readonly Row _tokens = new("tokens computed after the stop", "tokens");

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = new PartResult("stop", $"a running request is stopped, {StopsPerRound} times a round");
        result.Rows.AddRange([_decode, _shortStep, _prefill, _longStep, _beside, _tokens]);
        result.Notes.Add("infill: until its stream has ended, which is after the sequence has left the engine. A peer: until a tiny request on the same slot has its first token, less what that takes when nothing was stopped.");

        using var model = context.LoadModel();
        var options = context.Settings.Engine with
        {
            MaxSequences = Others + 1, MaxRunning = Others + 1,
            SequenceTokens = Math.Max(context.Settings.Engine.SequenceTokens, context.Options.LongPrompt + Steps),
        };
        await using var engine = await context.StartEngineAsync(options, cancellationToken);
        var plainOptions = options with { MaxSequences = 1, MaxRunning = 1, Speculation = false };
        await using var plainEngine = await context.StartEngineAsync(plainOptions, cancellationToken);
        var plain = new EngineSide(plainEngine, plainOptions);
        ILoadSide[] sides = [new EngineSide(engine, options), .. context.Peers.Select(static peer => new PeerSide(peer))];
        var cuts = new PromptCuts(model, "stop");
        await sides[0].GenerateAsync(cuts.Take(ShortPrompt), 4, cancellationToken); // compiles what runs from here on
        foreach (var side in sides)
        {
            var began = Stopwatch.GetTimestamp();
            await side.GenerateAsync(cuts.Take(context.Options.LongPrompt), 1, cancellationToken);
            _longPromptTakes[side.Name] = Stopwatch.GetElapsedTime(began);
        }

        for (var round = 0; round < context.Options.Rounds; round++)
        {
            context.Progress($"stop, round {round + 1} of {context.Options.Rounds}");
            foreach (var side in sides)
            {
                for (var i = 0; i < StopsPerRound; i++)
                {
                    await StopAsync(side, cuts, _decode, round, i, inDecode: true, cancellationToken);
                    await StopAsync(side, cuts, _prefill, round, i, inDecode: false, cancellationToken);
                }

                if (side is EngineSide) await TimeStepsAsync(plain, cuts, round, cancellationToken);
                if (side.Slots > Others) await StopBesideAsync(side, cuts, round, cancellationToken);
                await BenchContext.PauseAsync(cancellationToken);
            }
        }

        foreach (var row in (Row[])[_decode, _prefill, _beside])
        {
            result.Notes.Add($"{row.Name}, 99th percentile: {string.Join(", ", row.Sides.Select(static side => $"{side.Key} {side.Value.P99:F1} ms"))}.");
        }

        return result;
    }

    /// <summary>What stops are held against: how long a step takes, the machine as it is at the moment.</summary>
    private async Task TimeStepsAsync(EngineSide plain, PromptCuts cuts, int round, CancellationToken cancellationToken)
    {
        await TimeAsync(_shortStep, ShortPrompt);
        await TimeAsync(_longStep, context.Options.LongPrompt);

        async Task TimeAsync(Row row, int promptTokens)
        {
            var last = 0L;
            await plain.StreamAsync(cuts.Take(promptTokens), Steps, OnToken, slot: null, cancellationToken);

            void OnToken()
            {
                var now = Stopwatch.GetTimestamp();
                if (last != 0) row[plain.Name].Add(round, Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
                last = now;
            }
        }
    }

    private async Task StopBesideAsync(ILoadSide side, PromptCuts cuts, int round, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var others = Enumerable.Range(1, Others).Select(slot => KeepRunningAsync(side, cuts.Take(ShortPrompt), slot, end.Token)).ToArray();
        for (var i = 0; i < StopsPerRound; i++)
        {
            await StopAsync(side, cuts, _beside, round, i, inDecode: true, cancellationToken);
        }

        await end.CancelAsync();
        await Task.WhenAll(others);
    }

    private static async Task KeepRunningAsync(ILoadSide side, IReadOnlyList<int> prompt, int slot, CancellationToken end)
    {
        while (!end.IsCancellationRequested) await side.StreamAsync(prompt, MostTokens, static () => { }, slot, end);
    }

    /// <summary>At once and on this thread, as the server does when it reads a cancellation: what takes the way through the pool waits there for a core.</summary>
    private static void Stop(CancellationTokenSource stop) => stop.Cancel();

    /// <summary>Lets a request get under way, stops it at another moment each time, and adds the time to the row.</summary>
    private async Task StopAsync(ILoadSide side, PromptCuts cuts, Row row, int round, int number, bool inDecode, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tokens = 0;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = side.StreamAsync(cuts.Take(inDecode ? ShortPrompt : context.Options.LongPrompt), inDecode ? MostTokens : 1, OnToken, slot: 0, stop.Token);
        if (inDecode) await Task.WhenAny(begun.Task, running);
        var within = inDecode ? TimeSpan.FromMilliseconds(number) : _longPromptTakes[side.Name] * ((number + 0.5) / StopsPerRound);
        await Task.Delay(within, cancellationToken); // somewhere in a step
        if (running.IsCompleted) return; // it ended by itself: there is nothing to stop

        var asked = Stopwatch.GetTimestamp();
        Stop(stop);
        var afterStop = await running;
        var took = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        if (afterStop is { } computed)
        {
            _tokens[side.Name].Add(round, computed);
        }
        else
        {
            await TinyAsync();
            took = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
            var again = Stopwatch.GetTimestamp();
            await TinyAsync();
            took = Math.Max(0, took - Stopwatch.GetElapsedTime(again).TotalMilliseconds);
        }

        row[side.Name].Add(round, took);

        Task TinyAsync() => side.StreamAsync(cuts.Take(TinyPrompt), tokens: 1, static () => { }, slot: 0, cancellationToken);

        void OnToken()
        {
            if (++tokens == 3) begun.TrySetResult();
        }
    }
}
