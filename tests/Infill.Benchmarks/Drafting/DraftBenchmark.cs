using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Engine.Drafting;
using Infill.Engine.Llama;
using Infill.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.Drafting;

/// <summary>
/// The same prompts on an engine that guesses ahead and on a plain one, by turns: how much faster decoding is, and whether the
/// text is the same. Half the prompts invite to copy a block; what is said of a text goes by what it turned out to be.
/// </summary>
/// <param name="prompts">How many.</param>
/// <param name="seed">Which.</param>
/// <param name="maxTokens">To generate for each.</param>
/// <param name="prefixTokens">Of the text before the cursor.</param>
internal sealed class DraftBenchmark(int prompts, int seed, int maxTokens, int prefixTokens)
{
    /// <summary>A text of which so much could be foreseen is a copy.</summary>
    private const double CopyShare = 0.9;

    /// <summary>A text of which less could be foreseen has nothing to copy: two tokens in five agree by chance in any code.</summary>
    private const double NothingShare = 0.4;

    public async Task RunAsync()
    {
        LlamaLibrary.Load(NullLogger.Instance);
        await using var plain = Engine(isSpeculating: false);
        await using var drafting = Engine(isSpeculating: true);
        var places = new DraftPrompts(await plain.Ready, PromptOptions.Default with { PrefixTokens = prefixTokens }, seed);
        await drafting.Ready;

        var copies = new DraftComparison($"copies: at least {CopyShare:P0} of the text stands above");
        var others = new DraftComparison("others");
        var nothing = new DraftComparison($"nothing to copy: less than {NothingShare:P0} of the text stands above");
        for (var i = 0; i < prompts; i++)
        {
            var prompt = i % 2 == 0 ? places.Copying() : places.AsTheyAre(); // by turns, so that neither kind gets used to itself
            var request = new GenerationRequest(prompt) { MaxTokens = maxTokens, TraceMargins = true };
            var drafted = i % 4 < 2 ? await GenerateAsync(drafting, request) : null;
            var alone = await GenerateAsync(plain, request);
            drafted ??= await GenerateAsync(drafting, request);
            var of = ShareFromAbove(prompt, alone) switch { >= CopyShare => copies, < NothingShare => nothing, _ => others };
            of.Add(alone, drafted);
        }

        copies.Print();
        nothing.Print();
        others.Print();
    }

    private static CompletionEngine Engine(bool isSpeculating)
    {
        var options = new EngineOptions { Speculation = isSpeculating };
        return new CompletionEngine(() => LlamaModel.Load(DefaultModel.Path), options, TimeProvider.System, NullLogger.Instance);
    }

    /// <summary>The share of a text's tokens that a look-up in all before them foresees.</summary>
    private static double ShareFromAbove(IReadOnlyList<int> prompt, DraftRun run)
    {
        var history = new TokenHistory();
        foreach (var token in prompt.SkipLast(1)) history.Append(token); // without the marker that the text follows

        var foreseen = 0;
        var match = history.FindLongest();
        foreach (var (token, _) in run.Trace)
        {
            var held = match.Length > 0 && history[match.Next] == token;
            if (held) foreseen++;
            history.Append(token);
            match = held ? new HistoryMatch(match.Next + 1, match.Length + 1) : history.FindLongest();
        }

        return (double)foreseen / Math.Max(1, run.Trace.Count);
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
