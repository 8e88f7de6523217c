using Infill.Engine;
using Infill.Server.Benchmarking.Traces;

namespace Infill.Server.Benchmarking.Load;

/// <summary>Guessing ahead against not guessing: how much faster, and whether the text is the same.</summary>
internal sealed class CopyPart(BenchContext context)
{
    /// <summary>Shorter texts have no speed worth the name.</summary>
    private const int LeastTokens = 8;

    private const string Plain = BenchReport.PlainEngine;

    private sealed record Generated(IReadOnlyList<TracedToken> Trace, Usage Usage)
    {
        /// <summary>Of the tokens after the first, which prefill gives.</summary>
        public double TokensPerSecond => (Usage.GeneratedTokens - 1) / Usage.Decode.TotalSeconds;
    }

    public async Task<PartResult> RunAsync(CancellationToken cancellationToken)
    {
        var count = context.Options.Prompts;
        var result = new PartResult("copy", $"{count} prompts where a block from above is typed again, {count} as files are; {context.Settings.MaxTokens} tokens at most");
        var engineOptions = context.Settings.Engine;
        await using var guessing = await context.StartEngineAsync(engineOptions with { Speculation = true }, cancellationToken);
        await using var plain = await context.StartEngineAsync(engineOptions with { Speculation = false }, cancellationToken);
        var prompts = new CopyPrompts(await plain.Ready, context.Settings.Prompt);
        foreach (var prompt in (IReadOnlyList<int>[])[prompts.AsItIs(count), prompts.Copying(count)])
        {
            await GenerateAsync(guessing, prompt, cancellationToken); // compiles what runs from here on
            await GenerateAsync(plain, prompt, cancellationToken);
        }

        await CompareAsync("copying", prompts.Copying);
        await CompareAsync("text as it is", prompts.AsItIs);
        return result;

        async Task CompareAsync(string name, Func<int, IReadOnlyList<int>> promptAt)
        {
            var speed = result.Add(new Row($"{name}: decode", "tokens/s", IsHigherBetter: true));
            var gaps = new List<double>();
            for (var i = 0; i < count; i++)
            {
                var round = i * context.Options.Rounds / count;
                if (i == 0 || (i - 1) * context.Options.Rounds / count != round) context.Progress($"copy, {name}, round {round + 1} of {context.Options.Rounds}");
                var prompt = promptAt(i);
                var first = await GenerateAsync(i % 2 == 0 ? guessing : plain, prompt, cancellationToken);
                var second = await GenerateAsync(i % 2 == 0 ? plain : guessing, prompt, cancellationToken);
                var (ours, its) = i % 2 == 0 ? (first, second) : (second, first);
                if (ours.Trace.Count >= LeastTokens && its.Trace.Count >= LeastTokens)
                {
                    speed[BenchReport.Ours].Add(round, ours.TokensPerSecond);
                    speed[Plain].Add(round, its.TokensPerSecond);
                }

                if (GapAtParting(its.Trace, ours.Trace) is { } gap) gaps.Add(gap);
            }

            var parted = gaps.Count == 0 ? "" : $"; where the others part, the plain run's two best logits differ by {string.Join(", ", gaps.Order().Select(static gap => gap.ToString("F4")))}";
            result.Notes.Add($"{name}: {count - gaps.Count} of {count} texts are the plain engine's{parted}.");
        }
    }

    /// <summary>By how much the plain run's choice led where the other chose differently; null where all are the same.</summary>
    private static double? GapAtParting(IReadOnlyList<TracedToken> plain, IReadOnlyList<TracedToken> guessed)
    {
        for (var i = 0; i < Math.Min(plain.Count, guessed.Count); i++)
        {
            if (plain[i].Token != guessed[i].Token) return plain[i].Margin;
        }

        return plain.Count == guessed.Count ? null : double.NaN;
    }

    private async Task<Generated> GenerateAsync(CompletionEngine engine, IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        var trace = new List<TracedToken>();
        Usage? usage = null;
        await foreach (var chunk in engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = context.Settings.MaxTokens, TraceMargins = true }, cancellationToken))
        {
            trace.AddRange(chunk.Tokens);
            usage = chunk.Usage ?? usage;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new Generated(trace, usage!);
    }
}
