using System.CommandLine;
using System.Text.Json;
using Infill.Engine;
using Infill.Server.Benchmarking;
using Infill.Server.Benchmarking.Peers;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary><c>infill bench</c>: what this program does on this machine, beside llama-servers with the same model where they are named.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var against = new Option<string[]>("--against")
        {
            Description = "A llama-server with the same model to measure too. May be given several times. The one called 'usual' is asked as llama.vim and llama.vscode ask, any other as Infill asks.",
            HelpName = "[NAME=]URL",
        };
        var parts = new Option<string[]>("--part")
        {
            Description = $"Measure only this part: {string.Join(", ", BenchRun.PartNames)}. May be given several times.",
            HelpName = "NAME",
        };
        var rounds = new Option<int>("--rounds") { Description = "How often the sides take turns.", HelpName = "N", DefaultValueFactory = static _ => 5 };
        var keys = new Option<int>("--keys") { Description = "Keys typed in each file, over all rounds.", HelpName = "N", DefaultValueFactory = static _ => 200 };
        var prompts = new Option<int>("--prompts") { Description = "Prompts of each kind for the part 'copy': a thousand take about an hour.", HelpName = "N", DefaultValueFactory = static _ => 100 };
        var streams = new Option<int[]>("--streams") { Description = "Requests at once for the part 'concurrency'. May be given several times. [default: 1, 2, 4, 8, 16, 32]", HelpName = "N" };
        var tokens = new Option<int>("--tokens") { Description = "Tokens of each text in the part 'concurrency'. Short ones show what it costs that requests come and go.", HelpName = "N", DefaultValueFactory = static _ => new BenchOptions { Parts = [] }.Tokens };
        var replicas = new Option<int>("--replicas") { Description = "GPUs that have a copy of the model each.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var longPrompt = new Option<int>("--long") { Description = "Tokens of the long prompt in the parts 'arrival' and 'stop'.", HelpName = "N", DefaultValueFactory = static _ => new BenchOptions { Parts = [] }.LongPrompt };
        var batch = new Option<int?>("--batch") { Description = $"Tokens that a step of our engine has at most. [default: {new EngineOptions().MaxBatchTokens}]", HelpName = "N" };
        var layout = new Option<KvLayout?>("--layout") { Description = "How our engine divides the cells of its KV cache.", HelpName = "streams|unified" };
        var json = CommonOptions.Json();
        var svg = new Option<string?>("--svg") { Description = "Write a chart to this file too.", HelpName = "FILE" };
        var model = CommonOptions.Model();
        var command = new Command("bench", "Measure keystrokes, load and stops on this machine.") { against, parts, rounds, keys, prompts, streams, tokens, longPrompt, replicas, batch, layout, json, svg, model, BareLoopCommand.Create() };
        command.SetAction((arguments, cancellationToken) => RunAsync(
            new Arguments(
                arguments.GetValue(against) ?? [], arguments.GetValue(parts) ?? [], arguments.GetValue(rounds), arguments.GetValue(keys), arguments.GetValue(prompts),
                arguments.GetValue(streams) ?? [], arguments.GetValue(tokens), arguments.GetValue(longPrompt), arguments.GetValue(replicas), arguments.GetValue(batch), arguments.GetValue(layout), arguments.GetValue(json), arguments.GetValue(svg), arguments.GetValue(model)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        if (!arguments.TryRead(out var options, out var problem)) return await FailAsync(problem, ExitCodes.BadArguments);

        var logger = LineLoggerProvider.ToStandardError(LogLevel.Critical).CreateLogger("Engine"); // failures come as exceptions
        var settings = InfillSettings.From([new SettingsLayer { Model = arguments.Model }], static _ => { }); // defaults, not what the user has set
        settings = settings with { Engine = settings.Engine with { Replicas = arguments.Replicas } };
        if (arguments.Batch is { } batch) settings = settings with { Engine = settings.Engine with { MaxBatchTokens = batch } };
        if (arguments.Layout is { } layout) settings = settings with { Engine = settings.Engine with { Layout = layout } };
        var peers = options.Peers.Select(static peer => new PeerClient(peer)).ToList();
        try
        {
            var context = new BenchContext(options, settings, peers, logger, arguments.IsJson ? static _ => { } : Console.Error.WriteLine);
            var report = await BenchRun.RunAsync(context, cancellationToken);
            await WriteAsync(report, arguments);
            if (cancellationToken.IsCancellationRequested) return ExitCodes.Interrupted;
            return report.Parts.Any(static part => part.Failure is not null) ? ExitCodes.Failed : ExitCodes.Done;
        }
        catch (Exception e) when (e is EngineException or PeerException or IOException or UnauthorizedAccessException)
        {
            return await FailAsync(e.Message, ExitCodes.Failed);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        finally
        {
            foreach (var peer in peers) peer.Dispose();
        }
    }

    private static async Task WriteAsync(BenchReport report, Arguments arguments)
    {
        await Console.Out.WriteAsync(arguments.IsJson
            ? JsonSerializer.Serialize(ReportDocument.Of(report), BenchJsonContext.Default.ReportDocument) + "\n"
            : BenchTable.Render(report));
        if (arguments.Svg is { } file) await File.WriteAllTextAsync(file, BenchChart.Render(report).ToString());
    }

    private static async Task<int> FailAsync(string message, int exitCode)
    {
        await Console.Error.WriteLineAsync(message);
        return exitCode;
    }

    private sealed record Arguments(string[] Against, string[] Parts, int Rounds, int Keys, int Prompts, int[] Streams, int Tokens, int LongPrompt, int Replicas, int? Batch, KvLayout? Layout, bool IsJson, string? Svg, string? Model)
    {
        public bool TryRead(out BenchOptions options, out string problem)
        {
            options = null!;
            problem = "";
            var peers = new List<Peer>();
            foreach (var argument in Against)
            {
                if (Peer.TryParse(argument, out var peer)) peers.Add(peer);
                else problem = $"--against is '{argument}'; write [NAME=]URL, such as usual=http://127.0.0.1:8012.";
            }

            if (peers.GroupBy(static peer => peer.Name, StringComparer.Ordinal).FirstOrDefault(static named => named.Count() > 1) is { } twice) problem = $"Two peers are called '{twice.Key}'; name them apart.";
            if (Parts.FirstOrDefault(static part => !BenchRun.PartNames.Contains(part)) is { } unknown) problem = $"There is no part '{unknown}'; there are {string.Join(", ", BenchRun.PartNames)}.";
            if (Rounds is < 1 or > 100) problem = $"--rounds is {Rounds}; it must be between 1 and 100.";
            if (Keys < Rounds || Keys > 2000) problem = $"--keys is {Keys}; it must be between the number of rounds and 2000.";
            if (Prompts < Rounds || Prompts > 10_000) problem = $"--prompts is {Prompts}; it must be between the number of rounds and 10000.";
            if (Streams.FirstOrDefault(static n => n is < 1 or > 256) is not 0 and var wrong) problem = $"--streams is {wrong}; it must be between 1 and 256.";
            if (Tokens is < 8 or > 1000) problem = $"--tokens is {Tokens}; it must be between 8 and 1000.";
            if (Replicas is < 1 or > 16) problem = $"--replicas is {Replicas}; it must be between 1 and 16.";
            if (LongPrompt is < 16 or > 100_000) problem = $"--long is {LongPrompt}; it must be between 16 and 100000.";
            if (Batch is < 64 or > 4096) problem = $"--batch is {Batch}; it must be between 64 and 4096.";
            if (Svg is { } file && Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder)) problem = $"The folder of --svg '{file}' does not exist.";
            if (problem.Length > 0) return false;

            options = new BenchOptions { Parts = Parts.Length > 0 ? Parts : BenchRun.PartNames, Peers = peers, Rounds = Rounds, Keys = Keys, Prompts = Prompts, LongPrompt = LongPrompt, Tokens = Tokens };
            if (Streams.Length > 0) options = options with { Streams = Streams };
            return true;
        }
    }
}
