using System.CommandLine;
using System.Text.Json;
using Infill.Engine;
using Infill.Server.Sharing;
using Infill.Server.Status;
using Spectre.Console;

namespace Infill.Server.Commands;

/// <summary><c>infill status</c>: what the user's engine processes do, live in the terminal.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Command("status", "Show what the engines that your editors share do, live; once where the output is no terminal.") { json };
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool isJson, CancellationToken cancellationToken)
    {
        var engines = new List<(EngineLink Link, SharingPlace Place)>();
        try
        {
            foreach (var place in Places())
            {
                if (await EngineDoor.TryConnectAsync(place, new Hello(Hello.CurrentVersion, Hello.Status), cancellationToken) is { } link) engines.Add((link, place));
            }

            if (engines.Count == 0)
            {
                await Console.Error.WriteLineAsync("No engine runs. One is started with the first editor that uses 'infill lsp --shared', or by 'infill serve'.");
                return ExitCodes.Failed;
            }

            if (isJson) await WriteJsonAsync(engines, cancellationToken);
            else if (Console.IsOutputRedirected) AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors }).Write(StatusView.Of(await NextAsync(engines, cancellationToken)));
            else await ShowLiveAsync(engines, cancellationToken);
            return ExitCodes.Done;
        }
        catch (EngineException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Done; // Ctrl+C is how one leaves it
        }
        finally
        {
            foreach (var (link, _) in engines) await link.DisposeAsync();
        }
    }

    private static IEnumerable<SharingPlace> Places() => Directory.Exists(SharingPlace.UserFolder)
        ? Directory.EnumerateFiles(SharingPlace.UserFolder, "*.sock").Order(StringComparer.Ordinal).Select(static file => new SharingPlace(SharingPlace.UserFolder, Path.GetFileNameWithoutExtension(file)))
        : [];

    private static async Task WriteJsonAsync(List<(EngineLink Link, SharingPlace Place)> engines, CancellationToken cancellationToken)
    {
        var reports = await NextAsync(engines, cancellationToken);
        await Console.Out.WriteLineAsync($"[{string.Join(',', reports.Select(static report => JsonSerializer.Serialize(report, StatusJsonContext.Default.StatusReport)))}]");
    }

    private static async Task ShowLiveAsync(List<(EngineLink Link, SharingPlace Place)> engines, CancellationToken cancellationToken) =>
        await AnsiConsole.Live(new Text("")).StartAsync(async display =>
        {
            while (await NextAsync(engines, cancellationToken) is { Count: > 0 } reports)
            {
                display.UpdateTarget(StatusView.Of(reports));
            }
        });

    /// <summary>The next report of each; one that has ended is taken out.</summary>
    private static async Task<List<StatusReport>> NextAsync(List<(EngineLink Link, SharingPlace Place)> engines, CancellationToken cancellationToken)
    {
        var reports = new List<StatusReport>();
        foreach (var engine in engines.ToList())
        {
            if (await ReadAsync(engine.Link, cancellationToken) is { } report)
            {
                reports.Add(report);
                continue;
            }

            await engine.Link.DisposeAsync();
            engines.Remove(engine);
        }

        return reports;
    }

    private static async Task<StatusReport?> ReadAsync(EngineLink link, CancellationToken cancellationToken)
    {
        try
        {
            return await LineExchange.ReadAsync(link.Input, StatusJsonContext.Default.StatusReport, cancellationToken);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
