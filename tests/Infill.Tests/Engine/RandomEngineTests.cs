using System.Globalization;
using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

#pragma warning disable CA5394 // repeatable by seed
/// <summary>Whatever callers do, in whatever order: each request ends once, and the engine is left clean.</summary>
public sealed class RandomEngineTests
{
    private enum Fate
    {
        ReadToEnd,
        Cancel,
        Supersede,
        Break,
        CancelFromElsewhere,
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task A_thousand_random_sequences_of_requests_and_stops_leave_nothing_behind(int seed, bool disposing)
    {
        var random = new Random(seed);
        for (var round = 0; round < 500; round++)
        {
            await RunRoundAsync(new Random(random.Next()), disposing);
        }
    }

    private static async Task RunRoundAsync(Random random, bool disposing)
    {
        Action<TimeSpan> wait = static _ => { };
        var layout = (KvLayout)random.Next(2);
        var isRecurrent = random.Next(4) == 0;
        var pieces = 0;
        var faultyPiece = random.Next(200);
        var model = new ScriptedModel(contextCells: random.Next(60, 200), maxSequences: random.Next(1, 6))
        {
            Layout = layout,
            PieceTokens = random.Next(1, 16),
            RefusesPartialTruncation = isRecurrent,
            HasLane = layout == KvLayout.Streams && !isRecurrent,
            LaneIsFull = random.Next(8) == 0,
            LaneLoses = random.Next(8) == 0,
            AfterStep = _ => wait(TimeSpan.FromMilliseconds(1)), // unless it is known what steps take, the lane is not used
            AfterPiece = () =>
            {
                wait(TimeSpan.FromMilliseconds(6));
                if (++pieces == faultyPiece) throw new EngineException("The backend stumbled.");
            },
            Rule = random.Next(3) switch
            {
                0 => ScriptedModel.DependsOnAll,
                1 => static tokens => tokens.Count % 23 == 0 ? ByteVocabulary.End : 'a' + (tokens.Count % 26),
                _ => static tokens => tokens.Count % 17 == 0 ? 'z' : 'a' + (tokens.Count % 3), // repeats itself, so that its tokens are guessed
            },
            BeforeStep = FailsNowAndThen(random.Next(), random.Next(3) == 0, time => wait(time)),
        };
        var options = new EngineOptions
        {
            MaxBatchTokens = random.Next(4, 40),
            AgingSteps = random.Next(1, 50),
            MaxRunning = random.Next(1, 6),
            MaxWaiting = random.Next(1, 6),
            LongPrompt = random.Next(2, 30),
        };
        await using var bench = await EngineBench.StartAsync(model, options);
        wait = bench.Time.Advance;

        var requests = Enumerable.Range(0, random.Next(1, 8)).Select(_ => LiveAsync(bench, random.Next())).ToList();
        if (disposing)
        {
            if (random.Next(2) == 0) await requests[0];
            await bench.DisposeAsync();
        }

        await Task.WhenAll(requests).WaitAsync(Patience.Limit);

        if (!disposing) await bench.AssertQuietAsync();
        Assert.Equal(0, bench.Engine.RunningRequests);
    }

    /// <summary>One request from start to its fate; asserts that it ended once, for a reason that it had.</summary>
    private static async Task LiveAsync(EngineBench bench, int seed)
    {
        var random = new Random(seed);
        using var cancel = new CancellationTokenSource();
        using var newer = new CancellationTokenSource();
        var fate = (Fate)random.Next(5);
        var after = random.Next(0, 12); // chunks that are read before the fate strikes
        var prompt = Enumerable.Range(0, random.Next(1, 40)).Select(_ => 'a' + random.Next(3)).ToList();
        var request = new GenerationRequest(prompt)
        {
            MaxTokens = random.Next(1, 20),
            Priority = (RequestPriority)random.Next(3),
            Client = random.Next(3).ToString(CultureInfo.InvariantCulture),
            Superseded = newer.Token,
            StopStrings = random.Next(3) == 0 ? ["ab", "zz"] : [],
        };
        if (random.Next(4) == 0) await Task.Yield(); // some submit from other threads
        var elsewhere = fate == Fate.CancelFromElsewhere ? Task.Run(cancel.Cancel) : Task.CompletedTask;

        var chunks = new List<GenerationChunk>();
        var broke = false;
        if (after == 0) await StrikeAsync();
        await foreach (var chunk in bench.Engine.GenerateAsync(request, cancel.Token))
        {
            chunks.Add(chunk);
            if (chunks.Count == after) await StrikeAsync();
            if (fate == Fate.Break && chunks.Count > after)
            {
                broke = true;
                break;
            }
        }

        await elsewhere;
        Assert.All(chunks.SkipLast(1), static chunk => Assert.Equal(FinishReason.None, chunk.Finish));
        if (broke) return;

        var last = chunks[^1];
        Assert.NotEqual(FinishReason.None, last.Finish);
        Assert.True(last.Usage!.GeneratedTokens <= request.MaxTokens);
        Assert.True(last.Finish != FinishReason.Superseded || newer.IsCancellationRequested);
        Assert.True(last.Finish is not FinishReason.Faulted || last.Fault!.Contains("stumbled", StringComparison.Ordinal) || last.Fault.Contains("aborted", StringComparison.Ordinal) || last.Fault.Contains("no room", StringComparison.Ordinal), last.Fault);
        var whole = bench.Model.TextAfter(prompt, request.MaxTokens);
        Assert.StartsWith(string.Concat(chunks.Select(static chunk => chunk.Text)), whole, StringComparison.Ordinal);

        async Task StrikeAsync()
        {
            if (fate == Fate.Cancel) await cancel.CancelAsync();
            if (fate == Fate.Supersede) await newer.CancelAsync();
        }
    }

    private static Func<int, StepStatus?>? FailsNowAndThen(int seed, bool does, Action<TimeSpan> wait)
    {
        if (!does) return null;
        var random = new Random(seed);
        return _ =>
        {
            int fate;
            lock (random) fate = random.Next(12); // a step that was given up runs on beside the engine's new thread
            switch (fate)
            {
                case 0:
                    throw new EngineException("The backend stumbled.");
                case 1:
                    return StepStatus.NoCells;
                case 2: // the step overruns and is aborted
                    wait(TimeSpan.FromMinutes(2));
                    return null;
                case 3: // it hangs and is given up
                    wait(TimeSpan.FromMinutes(2));
                    wait(TimeSpan.FromMinutes(2));
                    return null;
                default:
                    return null;
            }
        };
    }
}
#pragma warning restore CA5394
