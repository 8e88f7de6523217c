using System.Diagnostics;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Load;

/// <summary>Somebody's suggestion is running when a long prompt arrives: what each costs the other.</summary>
internal sealed class ArrivalPart(BenchContext context)
{
    private const int ShortPrompt = 200;
    private const int MostTokens = 1800; // more than come while the prompt is computed
    private const int SettlingTokens = 20;
    private const int UndisturbedTokens = 100;

    private readonly Row _undisturbed = new("between two tokens, undisturbed", "ms", Bare: BareSpeed.Decode);
    private readonly Row _disturbed = new("between two tokens, while the prompt is computed", "ms", Bare: BareSpeed.Prefill);
    private readonly Row _alone = new("the prompt's first token, alone", "ms", Bare: BareSpeed.Prefill);
    private readonly Row _beside = new("the prompt's first token, beside the other", "ms", Bare: BareSpeed.Prefill);

    private int LongPrompt => context.Options.LongPrompt;

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = new PartResult("arrival", $"a prompt of {LongPrompt} tokens arrives while another request is decoding");
        result.Rows.AddRange([_undisturbed, _disturbed, _alone, _beside]);
        result.Notes.Add("infill doesn't guess ahead here: a text that goes on for so long repeats itself, and guessed right it would end before the prompt is computed. A peer's gaps of no time at all are guesses.");

        using var model = context.LoadModel();
        var options = context.Settings.Engine with { Speculation = false, SequenceTokens = Math.Max(context.Settings.Engine.SequenceTokens, LongPrompt + 1) };
        await using var engine = await context.StartEngineAsync(options, cancellationToken);
        ILoadSide[] sides = [new EngineSide(engine, options), .. context.Peers.Where(static peer => peer.Properties.TotalSlots > 1).Select(static peer => new PeerSide(peer))];
        var cuts = new PromptCuts(model, "arrival");
        await FirstTokenAsync(sides[0], cuts.Take(ShortPrompt), cancellationToken); // compiles what runs from here on
        for (var round = 0; round < context.Options.Rounds; round++)
        {
            context.Progress($"arrival, round {round + 1} of {context.Options.Rounds}");
            foreach (var side in sides)
            {
                _alone[side.Name].Add(round, await FirstTokenAsync(side, cuts.Take(LongPrompt), cancellationToken));
                await MeasureAsync(side, cuts, round, cancellationToken);
                await BenchContext.PauseAsync(cancellationToken);
            }
        }

        return result;
    }

    private async Task MeasureAsync(ILoadSide side, PromptCuts cuts, int round, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clock = new TokenClock(SettlingTokens + UndisturbedTokens);
        var running = side.StreamAsync(cuts.Take(ShortPrompt), MostTokens, clock.Tick, slot: null, stop.Token);
        await Task.WhenAny(running, clock.Reached);
        var arrived = clock.Count;
        var first = await FirstTokenAsync(side, cuts.Take(LongPrompt), cancellationToken);
        var ended = clock.Count;
        var isWhole = !running.IsCompleted; // a text that ended by itself was undisturbed at its end
        await stop.CancelAsync();
        await running;
        if (!isWhole) return;

        _beside[side.Name].Add(round, first);
        for (var i = SettlingTokens; i < arrived; i++) _undisturbed[side.Name].Add(round, clock.Gap(i));
        for (var i = arrived; i < ended; i++) _disturbed[side.Name].Add(round, clock.Gap(i));
    }

    private static async Task<double> FirstTokenAsync(ILoadSide side, IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var first = TimeSpan.Zero;
        await side.StreamAsync(prompt, tokens: 1, () => first = Stopwatch.GetElapsedTime(began), slot: null, cancellationToken);
        return first.TotalMilliseconds;
    }

    /// <summary>When each token of one stream came. The stream writes, another thread reads: guarded by its lock.</summary>
    private sealed class TokenClock(int awaited)
    {
        private readonly Lock _gate = new();
        private readonly List<long> _times = [];
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes with the awaited token.</summary>
        public Task Reached => _reached.Task;

        public int Count
        {
            get
            {
                lock (_gate) return _times.Count;
            }
        }

        public void Tick()
        {
            lock (_gate)
            {
                _times.Add(Stopwatch.GetTimestamp());
                if (_times.Count == awaited) _reached.SetResult();
            }
        }

        /// <summary>Milliseconds between a token and the one before it.</summary>
        public double Gap(int token)
        {
            lock (_gate) return Stopwatch.GetElapsedTime(_times[token - 1], _times[token]).TotalMilliseconds;
        }
    }
}
