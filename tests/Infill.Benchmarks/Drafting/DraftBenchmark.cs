using Infill.Benchmarks.EndToEnd;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.Drafting;

/// <summary>
/// The same prompts on an engine that guesses ahead and on a plain one, by turns: how much faster decoding is, and whether the
/// text is the same.
/// </summary>
internal static class DraftBenchmark
{
    private const int MaxTokens = 96; // the server's default

    public static async Task RunAsync(int prompts, int seed)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        await using var plain = Engine(isSpeculating: false);
        await using var drafting = Engine(isSpeculating: true);
        var places = new DraftPrompts(await plain.Ready, seed);
        await drafting.Ready;

        var copying = new DraftComparison("something to copy");
        var asTheyAre = new DraftComparison("text as it is");
        for (var i = 0; i < prompts; i++)
        {
            var isCopying = i % 2 == 0; // by turns, so that neither kind gets used to itself
            var request = new GenerationRequest(isCopying ? places.Copying() : places.AsTheyAre()) { MaxTokens = MaxTokens, TraceTokens = true };
            var drafted = i % 4 < 2 ? await GenerateAsync(drafting, request) : null;
            var alone = await GenerateAsync(plain, request);
            drafted ??= await GenerateAsync(drafting, request);
            (isCopying ? copying : asTheyAre).Add(alone, drafted);
        }

        copying.Print();
        asTheyAre.Print();
    }

    private static CompletionEngine Engine(bool isSpeculating)
    {
        var options = new EngineOptions { Speculation = isSpeculating };
        return new CompletionEngine(() => LlamaModel.Load(DefaultModel.Path), options, TimeProvider.System, NullLogger.Instance);
    }

    private static async Task<DraftRun> GenerateAsync(CompletionEngine engine, GenerationRequest request)
    {
        var trace = new List<TracedToken>();
        Usage? usage = null;
        await foreach (var chunk in engine.GenerateAsync(request))
        {
            trace.AddRange(chunk.Tokens);
            usage = chunk.Usage;
        }

        return new DraftRun(trace, usage!);
    }
}
