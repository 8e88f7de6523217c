using System.CommandLine;
using System.Text.Json;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Server.Benchmarking.Bare;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary><c>infill bench bare-loop</c>, not for people: the bare loop of a benchmark, in a process of its own.</summary>
internal static class BareLoopCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var sequences = new Option<int>("--sequences") { DefaultValueFactory = static _ => 1 };
        var tokens = new Option<int>("--tokens") { DefaultValueFactory = static _ => 1024 };
        var threads = new Option<int>("--threads") { DefaultValueFactory = static _ => EngineOptions.DefaultThreads };
        var replicas = new Option<int>("--replicas") { DefaultValueFactory = static _ => 1 };
        var command = new Command("bare-loop", "Run prompts from standard input through llama_decode (started by 'infill bench').") { model, sequences, tokens, threads, replicas };
        command.Hidden = true;
        command.SetAction(arguments =>
        {
            var settings = InfillSettings.From([new SettingsLayer { Model = arguments.GetValue(model) }], static _ => { }); // as the benchmark's own
            settings = settings with { Engine = settings.Engine with { Replicas = arguments.GetValue(replicas) } };
            return Run(settings, arguments.GetValue(sequences), arguments.GetValue(tokens), arguments.GetValue(threads));
        });
        return command;
    }

    /// <summary>Answers line after line until there are no more.</summary>
    private static int Run(InfillSettings settings, int sequences, int tokens, int threads)
    {
        try
        {
            using var weights = ModelLoading.LoadBare(settings, LineLoggerProvider.ToStandardError(LogLevel.Critical).CreateLogger("Engine"));
            using var loop = new LlamaBareLoop(weights, sequences, tokens, threads);
            while (Console.In.ReadLine() is { } line)
            {
                var request = JsonSerializer.Deserialize(line, BareJsonContext.Default.BareRequest)!;
                var run = loop.Run(request.Prompts, request.Tokens);
                Say(new BareAnswer(run.Prefill.TotalSeconds, run.Decode.TotalSeconds));
            }

            return ExitCodes.Done;
        }
        catch (EngineException e)
        {
            Say(new BareAnswer(0, 0, e.Message));
            return ExitCodes.Failed;
        }
    }

    private static void Say(BareAnswer answer) => Console.Out.WriteLine(JsonSerializer.Serialize(answer, BareJsonContext.Default.BareAnswer));
}
