using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Infill.Benchmarks.EndToEnd;

/// <summary>Somebody compiles on all cores while they type: what each costs the other, and what the server costs when nobody does anything.</summary>
internal static class NeighbourBenchmark
{
    private const string Uri = "file:///bench/neighbour.cs";
    private const string Typed = "    public int CountTokens(string text) => text.Length / total;";
    private const int Workers = 2;
    private const int UnitsOfEach = 6;

    private static readonly TimeSpan KeyGap = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);

    public static async Task RunAsync()
    {
        var source = Path.Combine(Path.GetTempPath(), "infill-neighbour.cpp");
        await File.WriteAllTextAsync(source, Unit);
        using var server = new LspProcess(LspProcess.PublishedProgram(), "lsp", "--stdio");
        await server.InitializeAsync(isGrowing: true);
        server.Open(Uri, SampleDocument.Make(300, 1));
        var typist = new Typist(server);
        await typist.TypeUntilAsync(Task.Delay(TimeSpan.FromSeconds(8))); // what a step costs in quiet is known afterwards
        typist.Clear();

        await typist.TypeUntilAsync(Task.Delay(TimeSpan.FromSeconds(12)));
        var quiet = typist.FirstLine;
        Console.WriteLine($"keystroke to first line, quiet      {quiet}");
        typist.Clear();

        var alone = await BuildAsync(source);
        var building = BuildAsync(source);
        await typist.TypeUntilAsync(building);
        var beside = await building;
        var busy = typist.FirstLine;
        Console.WriteLine($"keystroke to first line, building   {busy}   {busy.Median / quiet.Median:F2} times as long (bar: 4)");
        Console.WriteLine($"build alone {alone.TotalSeconds:F1} s, beside typing {beside.TotalSeconds:F1} s: {(beside / alone) - 1:P0} longer (bar: 25 %)");

        await Task.Delay(TimeSpan.FromSeconds(3));
        var before = server.ProcessorTime;
        await Task.Delay(IdleTime);
        Console.WriteLine($"idle: {(server.ProcessorTime - before) / IdleTime:P2} of a core (bar: 0.5 %)");
    }

    private static async Task<TimeSpan> BuildAsync(string source)
    {
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < UnitsOfEach; i++)
            {
                using var compiler = Process.Start("g++", ["-O2", "-c", source, "-o", "/dev/null"]);
                await compiler.WaitForExitAsync();
            }
        })));
        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Some seconds of work for the compiler.</summary>
    private const string Unit =
        """
        #include <algorithm>
        #include <functional>
        #include <iostream>
        #include <map>
        #include <regex>
        #include <string>
        #include <vector>
        std::map<std::string, std::vector<std::function<int(int)>>> table;
        int main(int argc, char** argv) {
            std::regex words("([a-z]+)|([0-9]+)");
            std::string text = argv[0];
            for (std::sregex_iterator it(text.begin(), text.end(), words), end; it != end; ++it) table[it->str()].push_back([&](int x) { return x + argc; });
            std::vector<std::string> keys;
            for (auto& entry : table) keys.push_back(entry.first);
            std::sort(keys.begin(), keys.end(), [](auto& a, auto& b) { return a.size() < b.size(); });
            for (auto& key : keys) std::cout << key << table[key].size() << std::endl;
        }
        """;

    /// <summary>Types the same line again and again, looks at each suggestion's first line, and never types faster than the gap.</summary>
    private sealed class Typist(LspProcess server)
    {
        private int _keys;
        private int _version = 1;

        public Figures FirstLine { get; private set; } = new();

        public void Clear() => FirstLine = new Figures();

        public async Task TypeUntilAsync(Task end)
        {
            while (!end.IsCompleted)
            {
                server.Insert(Uri, ++_version, 150, 0, "\n");
                for (var i = 0; i < Typed.Length && !end.IsCompleted; i++) await TypeAsync(i);
            }
        }

        private async Task TypeAsync(int column)
        {
            var token = $"key {_keys++}";
            var pressed = Stopwatch.GetTimestamp();
            var line = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            server.Insert(Uri, ++_version, 150, column, Typed[column].ToString());
            server.OnProgress(token, arrival =>
            {
                if (HasLine(arrival.Message)) line.TrySetResult(arrival.At);
            });
            var (id, answer) = server.Complete(Uri, 150, column + 1, token);
            _ = answer.ContinueWith(static (done, state) => ((TaskCompletionSource<long>)state!).TrySetResult(done.Result.At), line, TaskScheduler.Default);
            FirstLine.Add(Stopwatch.GetElapsedTime(pressed, await line.Task).TotalMilliseconds);
            server.Cancel(id);
            await answer;
            var left = KeyGap - Stopwatch.GetElapsedTime(pressed);
            if (left > TimeSpan.Zero) await Task.Delay(left);
        }

        private static bool HasLine(JsonNode message)
        {
            var value = message["params"]!["value"];
            var items = value as JsonArray ?? value!["items"]!.AsArray();
            return items.Count > 0 && ((string?)items[0]!["insertText"])?.Contains('\n', StringComparison.Ordinal) == true;
        }
    }
}
