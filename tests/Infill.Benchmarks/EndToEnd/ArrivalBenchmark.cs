using System.Diagnostics;
using System.Diagnostics.Metrics;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>A prompt of nearly 2,000 tokens arrives while others decode: what it does to them, and they to it.</summary>
internal static class ArrivalBenchmark
{
    private const int ArrivingTokens = 1980;
    private const int RunningTokens = 600;

    public static async Task RunAsync(int rounds)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        var options = new EngineOptions { Speculation = false }; // a step is a token
        await using var engine = new CompletionEngine(
            () => LlamaModel.Load(DefaultModel.Path), options, TimeProvider.System, NullLogger.Instance);
        var vocabulary = await engine.Ready;
        var text = new List<int>();
        vocabulary.Tokenize(SampleDocument.Make(6000, 1), text);
        var next = 0;

        foreach (var running in new[] { 1, 4 })
        {
            var undisturbed = new Figures();
            var disturbed = new Figures();
            var alone = new Figures();
            var beside = new Figures();
            var stretch = new List<double>();
            for (var round = -1; round < rounds; round++) // the first teaches the engine what steps cost
            {
                var aloneTime = await FirstTokenAsync(engine, Fresh(ArrivingTokens));
                using var ended = new CancellationTokenSource();
                var others = Enumerable.Range(0, running).Select(_ => DecodeAsync(engine, Fresh(RunningTokens), ended.Token)).ToList();
                await Task.WhenAll(others.Select(other => other.Begun));
                var quiet = await GapsAsync(() => Task.Delay(500, CancellationToken.None));
                var besideTime = 0.0;
                var busy = await GapsAsync(async () => besideTime = await FirstTokenAsync(engine, Fresh(ArrivingTokens)));
                await ended.CancelAsync();
                await Task.WhenAll(others.Select(other => other.Done));
                if (round < 0) continue;

                quiet.ForEach(undisturbed.Add);
                busy.ForEach(disturbed.Add);
                alone.Add(aloneTime);
                beside.Add(besideTime);
                stretch.Add(besideTime / aloneTime);
            }

            Console.WriteLine($"{running} decoding, undisturbed: between tokens   {undisturbed}   mean {undisturbed.Mean:F1}");
            Console.WriteLine($"{running} decoding, a prompt arrives:         {disturbed}   mean {disturbed.Mean:F1}");
            Console.WriteLine($"{ArrivingTokens} tokens alone: to the first token {alone}");
            Console.WriteLine($"{ArrivingTokens} tokens beside {running}:              {beside}   {stretch.Order().ElementAt(stretch.Count / 2):F2} times alone (median of ratios)");
        }

        // Other text each time: nothing comes from the cache.
        List<int> Fresh(int count)
        {
            next = (next + 4999) % (text.Count - ArrivingTokens);
            return text.GetRange(next, count);
        }
    }

    private static async Task<double> FirstTokenAsync(CompletionEngine engine, List<int> prompt)
    {
        var began = Stopwatch.GetTimestamp();
        await foreach (var _ in engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = 1, Priority = RequestPriority.Automatic }))
        {
        }

        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static (Task Begun, Task Done) DecodeAsync(CompletionEngine engine, List<int> prompt, CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (begun.Task, RunAsync());

        async Task RunAsync()
        {
            while (!cancellationToken.IsCancellationRequested) // a text may end before it is stopped
            {
                await foreach (var _ in engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = 1400 }, cancellationToken)) begun.TrySetResult();
            }
        }
    }

    /// <summary>The engine's own measurements of the time between two tokens, in milliseconds, while <paramref name="work"/> runs.</summary>
    private static async Task<List<double>> GapsAsync(Func<Task> work)
    {
        var gaps = new List<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listening) =>
            {
                if (instrument.Meter.Name == "Infill.Engine" && instrument.Name == "infill.inter_token") listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) =>
        {
            lock (gaps) gaps.Add(value);
        });
        listener.Start();
        await work();
        lock (gaps) return [.. gaps];
    }
}
