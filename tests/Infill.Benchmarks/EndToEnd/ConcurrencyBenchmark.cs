using System.Diagnostics;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>Eight documents, 48 tokens each: all at once against one after another, through the whole engine.</summary>
internal static class ConcurrencyBenchmark
{
    private const int Documents = 8;
    private const int Tokens = 48;

    private sealed record Run(string Text, List<TracedToken> Trace);

    public static async Task RunAsync(int rounds)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        var options = new EngineOptions();
        await using var engine = new CompletionEngine(
            () => LlamaModel.Load(DefaultModel.Path), options, TimeProvider.System, NullLogger.Instance);
        var vocabulary = await engine.Ready;
        var prompts = new PromptBuilder(vocabulary, FimTemplate.For(vocabulary));
        var requests = Enumerable.Range(1, Documents).Select(number =>
        {
            var text = SourceText.From(SampleDocument.Make(300, number));
            var cursor = text.LineStart(150 + (number * 6 % 60));
            return new GenerationRequest(prompts.Build(text, cursor, $"bench{number}.cs", PromptOptions.Default)) { MaxTokens = Tokens, TraceMargins = true };
        }).ToArray();

        var cold = await TimeAsync(() => Task.WhenAll(requests.Select(request => GenerateAsync(engine, request))));
        Console.WriteLine($"8 at once, cold                {Rate(cold):F0} tokens/s (prompts of {requests.Average(request => request.Prompt.Count):F0} tokens on average, computed first)");

        var ratios = new List<double>();
        var alone = new List<double>();
        var together = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            alone.Add(Rate(await TimeAsync(async () =>
            {
                var runs = new List<Run>();
                foreach (var request in requests)
                {
                    runs.Add(await GenerateAsync(engine, request));
                }

                return [.. runs];
            })));
            together.Add(Rate(await TimeAsync(() => Task.WhenAll(requests.Select(request => GenerateAsync(engine, request))))));
            ratios.Add(together[^1] / alone[^1]);
        }

        Console.WriteLine($"8 one after another            {Median(alone):F0} tokens/s");
        Console.WriteLine($"8 at once                      {Median(together):F0} tokens/s, {Median(ratios):F2} times as many (median of {rounds} rounds, {ratios.Min():F2} to {ratios.Max():F2})");
        await CompareTextsAsync(engine, requests);
    }

    private static async Task CompareTextsAsync(CompletionEngine engine, GenerationRequest[] requests)
    {
        var together = await Task.WhenAll(requests.Select(request => GenerateAsync(engine, request)));
        var gaps = new List<float>();
        for (var i = 0; i < requests.Length; i++)
        {
            var alone = await GenerateAsync(engine, requests[i]);
            if (alone.Text == together[i].Text) continue;
            var at = alone.Trace.Zip(together[i].Trace).TakeWhile(pair => pair.First.Token == pair.Second.Token).Count();
            gaps.Add(alone.Trace[at].Margin);
        }

        Console.WriteLine(gaps.Count == 0
            ? $"texts                          all {requests.Length} equal what they are alone"
            : $"texts                          {gaps.Count} of {requests.Length} part where the two best logits differ by {string.Join(", ", gaps.Select(gap => gap.ToString("F3")))}");
    }

    private static async Task<(TimeSpan Time, int Tokens)> TimeAsync(Func<Task<Run[]>> run)
    {
        var began = Stopwatch.GetTimestamp();
        var runs = await run();
        return (Stopwatch.GetElapsedTime(began), runs.Sum(each => each.Trace.Count));
    }

    private static double Rate((TimeSpan Time, int Tokens) measured) => measured.Tokens / measured.Time.TotalSeconds;

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<Run> GenerateAsync(CompletionEngine engine, GenerationRequest request)
    {
        var text = "";
        var trace = new List<TracedToken>();
        await foreach (var chunk in engine.GenerateAsync(request))
        {
            text += chunk.Text;
            trace.AddRange(chunk.Tokens);
        }

        return new Run(text, trace);
    }
}
