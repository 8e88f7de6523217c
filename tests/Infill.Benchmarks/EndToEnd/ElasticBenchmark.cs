using System.Diagnostics;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>What it costs to come back from an idle time: to the first token with everything there, without the context, without the weights.</summary>
internal static class ElasticBenchmark
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(int rounds)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        var text = SourceText.From(SampleDocument.Make(300, 1));
        var (there, context, weights) = (new Figures(), new Figures(), new Figures());
        var (resident, withoutContext, withoutWeights) = (0L, 0L, 0L);
        await using var engine = new CompletionEngine(
            () => LlamaModel.Load(DefaultModel.Path), new EngineOptions { IdleRelease = Idle, SequenceTokens = 1024 }, TimeProvider.System, NullLogger.Instance);
        var vocabulary = await engine.Ready;
        var prompt = new PromptBuilder(vocabulary, FimTemplate.For(vocabulary)).Build(text, text.LineStart(150), "elastic.cs", PromptOptions.Default);
        for (var round = 0; round < rounds; round++)
        {
            await FirstTokenAsync();
            there.Add(await FirstTokenAsync());
            resident = Environment.WorkingSet;
            await Task.Delay(Idle * 1.5);
            withoutContext = Environment.WorkingSet;
            context.Add(await FirstTokenAsync());
            await Task.Delay(Idle * 2.5);
            withoutWeights = Environment.WorkingSet;
            vocabulary.Tokenize("still there", []);
            weights.Add(await FirstTokenAsync());
        }

        Console.WriteLine($"first token, prompt in the cache     {there}   {Mebibytes(resident)} resident");
        Console.WriteLine($"first token, context released        {context}   {Mebibytes(withoutContext)} resident before");
        Console.WriteLine($"first token, weights released        {weights}   {Mebibytes(withoutWeights)} resident before");

        async Task<double> FirstTokenAsync()
        {
            var began = Stopwatch.GetTimestamp();
            await foreach (var _ in engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = 8 })) break;
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
    }

    private static string Mebibytes(long bytes) => $"{bytes / (double)(1 << 20):F0} MiB";
}
