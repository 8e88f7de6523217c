using System.Diagnostics;
using Infill.Engine.Llama;
using Infill.Server.Benchmarking.Bare;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Load;

/// <summary>Many requests at once: tokens a second, with the prompts computed and with the prompts cached.</summary>
internal sealed class ConcurrencyPart(BenchContext context)
{
    private const int MostPromptTokens = 600;

    private int Tokens => context.Options.Tokens;

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = new PartResult("concurrency", $"requests at once, 300 to {MostPromptTokens} prompt tokens, {Tokens} tokens each");
        var requests = context.Options.Streams;
        var cold = requests.ToDictionary(static n => n, n => result.Add(new Row($"{n} at once, prompts computed", "tokens/s", IsHigherBetter: true, BareSpeed.Prefill)));
        var warm = requests.ToDictionary(static n => n, n => result.Add(new Row($"{n} at once, prompts cached", "tokens/s", IsHigherBetter: true, BareSpeed.Decode)));
        result.Notes.Add("Cached: each text goes on from where it ended. A peer with fewer slots than requests is left out. The bare loop decodes all sequences in one batch, each with a stream of the KV cache to itself, in a process of its own, and goes on from where infill's texts ended too.");

        using var model = context.LoadModel();
        var cuts = new PromptCuts(model, "concurrency");
        foreach (var n in requests)
        {
            await MeasureAsync(n, model, cuts, cold[n], warm[n], cancellationToken);
        }

        return result;
    }

    /// <summary>All rounds of one number of requests, with an engine made for so many: llama.cpp pays for every sequence that a context may have, in each batch.</summary>
    private async Task MeasureAsync(int n, LlamaModel model, PromptCuts cuts, Row cold, Row warm, CancellationToken cancellationToken)
    {
        var options = context.Settings.Engine with { MaxSequences = n, MaxRunning = n, SequenceTokens = MostPromptTokens + (2 * Tokens) + 1 };
        await using var loop = BareLoopChild.Start(context, n, MostPromptTokens + (2 * Tokens));
        await using var engine = await context.StartEngineAsync(options, cancellationToken);
        ILoadSide[] sides = [new EngineSide(engine, options), .. context.Peers.Select(static peer => new PeerSide(peer))];
        var first = cuts.TakeMany(Math.Min(n, 4));
        await RateAsync(sides[0], first, cancellationToken); // what runs from here on is compiled, the second time
        await loop.RunAsync(first, Tokens, cancellationToken); // touches its memory
        await BenchContext.PauseAsync(cancellationToken);                            // and beside other work, which it would hold up
        for (var round = 0; round < context.Options.Rounds; round++)
        {
            var prompts = cuts.TakeMany(n);
            var longer = await MeasureSideAsync(sides[0], round);

            // Next to what it is compared with: the machine's own speed changes by a tenth within seconds.
            warm[BenchReport.BareLoop].Add(round, n * (Tokens - 1) / (await loop.RunAsync(longer, Tokens, cancellationToken)).Decode.TotalSeconds);
            var bare = await loop.RunAsync(prompts, Tokens, cancellationToken);
            cold[BenchReport.BareLoop].Add(round, n * Tokens / (bare.Prefill + bare.Decode).TotalSeconds);
            await BenchContext.PauseAsync(cancellationToken);
            foreach (var peer in sides.Skip(1).Where(peer => peer.Slots >= n)) await MeasureSideAsync(peer, round);

            async Task<IReadOnlyList<int>[]> MeasureSideAsync(ILoadSide side, int inRound)
            {
                context.Progress($"concurrency, {n} at once, round {inRound + 1} of {context.Options.Rounds}, {side.Name}");
                var (coldRate, answers) = await RateAsync(side, prompts, cancellationToken);
                cold[side.Name].Add(inRound, coldRate);

                var goingOn = GoingOn(prompts, answers);
                warm[side.Name].Add(inRound, (await RateAsync(side, goingOn, cancellationToken)).Rate);
                await BenchContext.PauseAsync(cancellationToken);
                return goingOn;
            }
        }
    }

    /// <summary>The texts go on from where they ended. Asked for the same again, a peer's drafting would only repeat it.</summary>
    private static IReadOnlyList<int>[] GoingOn(IReadOnlyList<int>[] prompts, IReadOnlyList<int>[] answers) =>
        [.. prompts.Zip(answers, static (prompt, answer) => (IReadOnlyList<int>)[.. prompt, .. answer])];

    private async Task<(double Rate, IReadOnlyList<int>[] Answers)> RateAsync(ILoadSide side, IReadOnlyList<int>[] prompts, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(prompts.Select(prompt => side.GenerateAsync(prompt, Tokens, cancellationToken)));
        return (answers.Sum(static answer => answer.Count) / Stopwatch.GetElapsedTime(began).TotalSeconds, answers);
    }
}
