using System.Diagnostics;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>Process start to initialize answered, and to the first suggestion, of the published program.</summary>
internal static class StartUpBenchmark
{
    public static async Task RunAsync(int rounds)
    {
        var initialize = new Figures();
        var suggestion = new Figures();
        var text = SampleDocument.Make(300, 1);
        for (var round = 0; round <= rounds; round++)
        {
            using var server = new LspProcess(LspProcess.PublishedProgram(), "lsp", "--stdio");
            var initialized = Stopwatch.GetElapsedTime(server.StartedAt, await server.InitializeAsync(isGrowing: true)).TotalMilliseconds;
            server.Open("file:///bench/start.cs", text);
            var first = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            server.OnProgress("first", arrival => first.TrySetResult(arrival.At));
            var (_, answer) = server.Complete("file:///bench/start.cs", 201, 20, "first");
            var done = await Task.WhenAny(first.Task, answer);
            var at = done == first.Task ? await first.Task : (await answer).At;
            if (round == 0) continue; // the disk's cache is cold
            initialize.Add(initialized);
            suggestion.Add(Stopwatch.GetElapsedTime(server.StartedAt, at).TotalMilliseconds);
        }

        Console.WriteLine($"start to initialize answered   {initialize}");
        Console.WriteLine($"start to first suggestion      {suggestion}   (model load included)");
    }
}
