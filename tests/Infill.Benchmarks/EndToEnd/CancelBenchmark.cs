using System.Diagnostics;

namespace Infill.Benchmarks.EndToEnd;

/// <summary><c>$/cancelRequest</c> to its answer: in prefill, in decode, and beside eight running streams.</summary>
internal static class CancelBenchmark
{
    private const int RunningStreams = 8;
    private const int EndOfDocument = 300;

    public static async Task RunAsync(int cancels)
    {
        using var server = new LspProcess(LspProcess.PublishedProgram(), "lsp", "--stdio");
        await server.InitializeAsync(isGrowing: true);
        for (var i = 0; i <= RunningStreams; i++)
        {
            server.Open(Name(i), SampleDocument.Make(300, i));
        }

        await server.Complete(Name(0), EndOfDocument, 0).Answer; // warm, and its prompt is cached
        Console.WriteLine($"cancel to answer, prefill      {await MeasureAsync(server, cancels, inDecode: false)}");
        Console.WriteLine($"cancel to answer, decode       {await MeasureAsync(server, cancels, inDecode: true)}");

        using var stop = new CancellationTokenSource();
        var streams = Enumerable.Range(1, RunningStreams).Select(i => KeepBusyAsync(server, i, stop.Token)).ToArray();
        await Task.Delay(2000);
        Console.WriteLine($"... prefill, 8 running         {await MeasureAsync(server, cancels, inDecode: false)}");
        Console.WriteLine($"... decode, 8 running          {await MeasureAsync(server, cancels, inDecode: true)}");
        await stop.CancelAsync();
        await Task.WhenAll(streams);
    }

    private static string Name(int number) => $"file:///bench/cancel{number}.cs";

    private static async Task<Figures> MeasureAsync(LspProcess server, int cancels, bool inDecode)
    {
        var figures = new Figures();
        for (var i = 0; figures.Count < cancels && i < cancels * 2; i++)
        {
            // Prefill: another place each time, so that the prompt is new and its prefill long. Decode: the end, whose prompt is cached and where
            // nothing follows that would end the text early.
            var line = inDecode ? EndOfDocument : 20 + ((i * 37) % 250);
            var (id, answer) = server.Complete(Name(0), line, 4, $"cancel {i}");
            await Task.Delay(5 + (i % 20));
            if (answer.IsCompleted) continue;
            var asked = Stopwatch.GetTimestamp();
            server.Cancel(id);
            var arrival = await answer;
            if ((int?)arrival.Message["error"]?["code"] == -32800) figures.Add(Stopwatch.GetElapsedTime(asked, arrival.At).TotalMilliseconds);
        }

        return figures;
    }

    private static async Task KeepBusyAsync(LspProcess server, int number, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await server.Complete(Name(number), 50 + (i % 40 * 6), 0, $"busy {number}").Answer;
        }
    }
}
