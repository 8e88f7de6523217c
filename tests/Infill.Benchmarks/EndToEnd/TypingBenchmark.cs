using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>Somebody types a line in the middle of a 300-line file, a request with each key: keystroke to first snapshot.</summary>
internal static class TypingBenchmark
{
    private const string Uri = "file:///bench/typing.cs";
    private const string Typed = "    public int CountTokens(string text) => text.Length / total;";

    /// <summary>What left the server before the next key reached it is not its fault.</summary>
    private static readonly TimeSpan InFlight = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync(double keysPerSecond, int rounds)
    {
        using var server = new LspProcess(LspProcess.PublishedProgram(), "lsp", "--stdio");
        await server.InitializeAsync(isGrowing: true);
        server.Open(Uri, SampleDocument.Make(300, 1));
        var firstText = new Figures();
        var keys = 0;
        var stale = 0;
        var version = 1;
        var gate = new Lock(); // the reader's thread counts too
        var latest = (Key: -1, At: 0L);
        await server.Complete(Uri, 150, 0).Answer; // warm: the model is loaded
        for (var round = 0; round < rounds; round++)
        {
            var line = 150 + (round * 2);
            server.Insert(Uri, ++version, line, 0, "\n");
            var began = Stopwatch.GetTimestamp();
            var last = Task.FromResult<Arrival>(null!);
            for (var i = 0; i < Typed.Length; i++, keys++)
            {
                var due = TimeSpan.FromSeconds(i / keysPerSecond);
                if (due > Stopwatch.GetElapsedTime(began)) await Task.Delay(due - Stopwatch.GetElapsedTime(began));
                var key = keys;
                var pressed = Stopwatch.GetTimestamp();
                lock (gate)
                {
                    latest = (key, pressed);
                }

                server.Insert(Uri, ++version, line, i, Typed[i].ToString());
                var isFirst = true;
                server.OnProgress($"key {key}", arrival =>
                {
                    lock (gate)
                    {
                        if (latest.Key == key && isFirst) firstText.Add(Stopwatch.GetElapsedTime(pressed, arrival.At).TotalMilliseconds);
                        else if (latest.Key != key && Stopwatch.GetElapsedTime(latest.At, arrival.At) > InFlight) stale++;
                        isFirst = false;
                    }
                });
                last = server.Complete(Uri, line, i + 1, $"key {key}").Answer;
            }

            await last;
        }

        Console.WriteLine($"keystroke to first snapshot    {firstText}   ({keysPerSecond} keys/s; {firstText.Count} of {keys} keys got text; {stale} results for an old version)");
    }
}
