using System.Diagnostics;
using Infill.Server.Benchmarking.Bare;
using Infill.Server.Benchmarking.Peers;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Load;

/// <summary>How fast the two builds of llama.cpp are by themselves: what no server can change.</summary>
internal sealed class BarePart(BenchContext context)
{
    private const int PromptTokens = 640; // what a keystroke has: attention costs more the more there is
    private const int Tokens = 64;

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var result = new PartResult("bare", $"one prompt of {PromptTokens} tokens from an empty cache, then {Tokens} tokens");
        var prefill = result.Add(new Row("bare prefill", "tokens/s", IsHigherBetter: true));
        var decode = result.Add(new Row("bare decode", "tokens/s", IsHigherBetter: true));
        result.Notes.Add("infill: a plain loop around llama_decode, no engine. Peers: what their timings say of a prompt's prefill, and the median between two streamed tokens, which their drafting doesn't sway.");

        using var model = context.LoadModel();
        await using var loop = BareLoopChild.Start(context, sequences: 1, PromptTokens + Tokens);
        var cuts = new PromptCuts(model, "bare");
        await loop.RunAsync([cuts.Take(PromptTokens)], Tokens, cancellationToken); // the first run touches its memory for the first time
        for (var round = 0; round < context.Options.Rounds; round++)
        {
            var prompt = cuts.Take(PromptTokens);
            var run = await loop.RunAsync([prompt], Tokens, cancellationToken);
            prefill[BenchReport.Ours].Add(round, PromptTokens / run.Prefill.TotalSeconds);
            decode[BenchReport.Ours].Add(round, (Tokens - 1) / run.Decode.TotalSeconds);
            await BenchContext.PauseAsync(cancellationToken);
            foreach (var peer in context.Peers)
            {
                var (prefillSpeed, decodeSpeed) = await MeasureAsync(peer, prompt, cancellationToken);
                prefill[peer.Name].Add(round, prefillSpeed);
                decode[peer.Name].Add(round, decodeSpeed);
                await BenchContext.PauseAsync(cancellationToken);
            }
        }

        return result;
    }

    private static async Task<(double Prefill, double Decode)> MeasureAsync(PeerClient peer, IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        var gaps = new List<double>(Tokens);
        var prefill = 0.0;
        var last = 0L;
        var request = new PeerCompletion(prompt) { MaxTokens = Tokens, CachePrompt = false, IgnoreEos = true };
        await foreach (var chunk in peer.StreamAsync(request, cancellationToken))
        {
            if (chunk.Stop) break;
            var now = Stopwatch.GetTimestamp();
            if (last != 0) gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalSeconds);
            last = now;
            prefill = chunk.Timings?.PromptPerSecond ?? prefill;
        }

        return (prefill, 1 / Figures.Percentile(gaps, 50));
    }
}
