using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Infill.Engine;
using Infill.Evaluation.Places;
using Infill.Evaluation.Reporting;
using Infill.Evaluation.Sides;
using Infill.Server;
using Infill.Server.Benchmarking.Peers;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Evaluation;

/// <summary>The command: folders of source files → places → answers → the table.</summary>
internal static class EvaluateCommand
{
    private const string Ours = "infill";

    public static RootCommand Create()
    {
        var folders = new Argument<string[]>("FOLDER") { Description = "Folders of source files.", Arity = ArgumentArity.ZeroOrMore };
        var heldOut = new Option<bool>("--held-out") { Description = "The packages that the seed model never saw: fetched into the cache folder, unless they are there." };
        var places = new Option<int>("--places") { Description = "How many places to ask about.", HelpName = "N", DefaultValueFactory = static _ => 500 };
        var seed = new Option<int>("--seed") { Description = "Which places.", HelpName = "N", DefaultValueFactory = static _ => 1 };
        var against = new Option<string[]>("--against") { Description = "A llama-server with the same model. May be given several times.", HelpName = "NAME=URL" };
        var columns = new Option<string[]>("--column") { Description = "Ours once more, with settings as in config.json. May be given several times.", HelpName = "NAME=JSON" };
        var results = new Option<string?>("--results") { Description = "Keep the answers in this file; what it has is not asked again.", HelpName = "FILE" };
        var seconds = new Option<int>("--seconds") { Description = "Ask nothing more after this time; the same command with --results goes on where it was.", HelpName = "N", DefaultValueFactory = static _ => 1_000_000 };
        var show = new Option<bool>("--show") { Description = "Print each place with what was there and what each side wrote." };
        var replay = new Option<bool>("--replay") { Description = "Ask the model for its raw text alone, and shape what --results has of it anew for each column of ours: for trying rules." };
        var crossFile = new Option<bool>("--cross-file") { Description = "Ask about lines that use names which other open files define: with the whole workspace, with the open files alone, and without any." };
        var threads = new Option<int?>("--threads") { Description = "Threads to compute with: one is faster where others keep the machine busy.", HelpName = "N" };
        var model = new Option<string?>("--model") { Description = "A GGUF file instead of the embedded model.", HelpName = "FILE" };
        var command = new RootCommand("Measures how good suggestions are, on code that is there already: holes are cut and asked about.")
        {
            folders, heldOut, places, seed, against, columns, results, seconds, show, replay, crossFile, threads, model,
        };
        command.SetAction((arguments, cancellationToken) => RunAsync(
            new Options(
                arguments.GetValue(folders) ?? [], arguments.GetValue(heldOut), arguments.GetValue(places), arguments.GetValue(seed), arguments.GetValue(against) ?? [],
                arguments.GetValue(columns) ?? [], arguments.GetValue(results), TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(show), arguments.GetValue(replay), arguments.GetValue(crossFile), arguments.GetValue(threads), arguments.GetValue(model)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Options options, CancellationToken cancellationToken)
    {
        try
        {
            List<string> folders = [.. options.Folders, .. options.HeldOut ? [await HeldOut.FetchAsync(cancellationToken)] : (string[])[]];
            if (folders.Find(static folder => !Directory.Exists(folder)) is { } missing) return Fail($"The folder '{missing}' does not exist.", ExitCodes.BadArguments);
            if (folders.Count == 0) return Fail("Name folders of source files, or --held-out.", ExitCodes.BadArguments);
            var files = SourceFile.Collect(folders);
            var places = options.CrossFile ? new CrossFileSampler(files, options.Seed).Take(options.Places) : new PlaceSampler(files, options.Seed).Take(options.Places);
            if (places.Count == 0) return Fail("The folders have no source files in a language that is known here.", ExitCodes.BadArguments);

            var settings = InfillSettings.From([new SettingsLayer { Model = options.Model, Threads = options.Threads }], Console.Error.WriteLine);
            var logger = LineLoggerProvider.ToStandardError(LogLevel.Critical).CreateLogger("Engine");
            var engine = new Lazy<CompletionEngine>(() => new CompletionEngine(() => ModelLoading.Load(settings, logger), settings.Engine, TimeProvider.System, logger));
            using var results = ResultFile.Open(options.Results);
            var raw = new RawSide(settings, engine);
            var workspaces = new Workspaces(files);
            var sides = new List<ISide>();
            if (options.CrossFile)
            {
                sides.Add(Side(Ours, "", settings));
                sides.Add(new InfillSide("open files", "no other files than the six that are open", settings, engine, workspaces: null));
                sides.Add(Side("alone", "contextTokens 0", settings with { Prompt = settings.Prompt with { ContextTokens = 0 } }));
            }
            else
            {
                sides.Add(Side(Ours, "", settings));
            }

            foreach (var argument in options.Columns)
            {
                if (!InfillSide.TryParse(argument, out var column, out var problem)) return Fail(problem, ExitCodes.BadArguments);
                sides.Add(Side(column.Name, column.Text, column.Settings));
            }

            foreach (var argument in options.Against)
            {
                if (!Peer.TryParse(argument, out var peer)) return Fail($"--against is '{argument}'; write NAME=URL, such as usual=http://127.0.0.1:8012.", ExitCodes.BadArguments);
                var client = new PeerClient(peer);
                await client.ConnectAsync(cancellationToken);
                sides.Add(new PeerSide(client));
            }

            var began = Stopwatch.GetTimestamp();
            var judgements = await new EvaluationRun(sides, results, Console.Error.WriteLine).RunAsync(places, options.Limit, cancellationToken);
            if (options.Show) Console.Write(Transcript.Render([.. sides.Select(static side => side.Name)], judgements));
            Console.WriteLine($"{judgements[0].Count} of {places.Count} places in {files.Count} files, seed {options.Seed}, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s.");
            foreach (var side in sides) Console.WriteLine($"{side.Name}: {side.What}");
            Console.Write(Report.Render([.. sides.Select(static side => side.Name)], judgements));
            foreach (var side in sides) await side.DisposeAsync();
            if (engine.IsValueCreated) await engine.Value.DisposeAsync();
            return ExitCodes.Done;

            ISide Side(string name, string text, InfillSettings own) =>
                options.Replay ? new ReplaySide(name, text, own, raw, results) : new InfillSide(name, text, own, engine, workspaces);
        }
        catch (Exception e) when (e is EngineException or PeerException or IOException or JsonException or UnauthorizedAccessException)
        {
            return Fail(e.Message, ExitCodes.Failed);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private static int Fail(string message, int exitCode)
    {
        Console.Error.WriteLine(message);
        return exitCode;
    }

    private sealed record Options(
        string[] Folders, bool HeldOut, int Places, int Seed, string[] Against, string[] Columns, string? Results, TimeSpan Limit, bool Show, bool Replay, bool CrossFile, int? Threads, string? Model);
}
