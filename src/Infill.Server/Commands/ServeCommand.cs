using System.CommandLine;
using System.Net;
using Infill.Engine;
using Infill.Server.Http;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary><c>infill serve</c>: the engine in the foreground, over HTTP.</summary>
internal static class ServeCommand
{
    private const string DefaultListen = "127.0.0.1:8012"; // where llama.vim and llama.vscode look

    public static Command Create()
    {
        var listen = new Option<string>("--listen") { Description = "Address to listen on.", HelpName = "HOST:PORT", DefaultValueFactory = static _ => DefaultListen };
        var keys = new Option<string?>("--api-key-file") { Description = "A file with a key on each line; requests must bring one. Needed for anything but loopback.", HelpName = "FILE" };
        var hosts = new Option<string[]>("--allow-host") { Description = "A name besides localhost and this machine's that requests may call the server by.", HelpName = "NAME" };
        var model = CommonOptions.Model();
        var template = CommonOptions.Template();
        var verbose = new Option<bool>("--verbose") { Description = "Log more to standard error." };
        var command = new Command("serve", "Serve the model over HTTP: OpenAI's completions, llama-server's endpoints, and a live page.") { listen, keys, hosts, model, template, verbose };
        command.SetAction((arguments, cancellationToken) => RunAsync(
            arguments.GetRequiredValue(listen), arguments.GetValue(keys), arguments.GetValue(hosts) ?? [],
            new SettingsLayer { Model = arguments.GetValue(model), Template = arguments.GetValue(template) }, arguments.GetValue(verbose), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string listen, string? keyFile, string[] hosts, SettingsLayer given, bool isVerbose, CancellationToken cancellationToken)
    {
        if (!TryRead(listen, out var address)) return await FailAsync($"--listen is '{listen}'; write ADDRESS:PORT, such as {DefaultListen} or [::1]:8012.", ExitCodes.BadArguments);
        var (keys, problem) = await ReadKeysAsync(keyFile, cancellationToken);
        if (problem is not null) return await FailAsync(problem, ExitCodes.BadArguments);
        if (keys.Count == 0 && !IPAddress.IsLoopback(address.Address))
        {
            return await FailAsync($"{address} can be reached from other machines: give --api-key-file FILE with a key that they must know.", ExitCodes.BadArguments);
        }

        var own = SettingsSources.Own(Console.Error.WriteLine);
        var settings = InfillSettings.From([.. own, given], Console.Error.WriteLine);
        using var loggers = new LoggerFactory([LineLoggerProvider.ToStandardError(isVerbose ? LogLevel.Debug : LogLevel.Warning)]);
        await using var engine = new SharedEngine(settings, LogLevel.Warning, loggers);
        try
        {
            var options = new HttpOptions(address) { Keys = keys, AllowedHosts = hosts };
            var served = new ServedModel(engine.Engine, settings, SettingsSources.Proofs, Console.Error.WriteLine);
            await using var server = await HttpServer.StartAsync(options, served, engine.Status, TimeProvider.System, loggers, cancellationToken);
            engine.NewPageLink = () => Task.FromResult(server.PageAddress);
            var sharing = ShareAsync(engine, settings, cancellationToken);
            var vocabulary = await engine.Engine.Ready.WaitAsync(cancellationToken);
            await Console.Error.WriteLineAsync($"Serving {vocabulary.ModelName} at {server.Address}; Ctrl+C ends it.");
            await ProveAsync(served, cancellationToken);
            await sharing;
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ExitCodes.Done;
        }
        catch (IOException e)
        {
            return await FailAsync($"{address} can't be listened on: {e.Message}", ExitCodes.Failed);
        }
        catch (EngineException e)
        {
            return await FailAsync(e.Message, ExitCodes.Failed);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Done; // asked to end, as it is meant to be
        }
    }

    /// <summary>Not when the first request comes: whoever starts the server is to know what it can't do.</summary>
    private static async Task ProveAsync(ServedModel served, CancellationToken cancellationToken)
    {
        try
        {
            await served.PromptsAsync(cancellationToken);
        }
        catch (ApiException e)
        {
            await Console.Error.WriteLineAsync($"{e.Message} Until then /infill and 'suffix' are refused; prompts that are written out are served.");
        }
    }

    /// <summary>Editors of the same user use this engine too, unless they have one already.</summary>
    private static async Task ShareAsync(SharedEngine engine, InfillSettings settings, CancellationToken cancellationToken)
    {
        using var socket = SharedSocket.TryOpen(SharingPlace.Of(settings));
        if (socket is not null) await engine.Listener.RunAsync(socket.Socket, cancellationToken);
    }

    private static bool TryRead(string listen, out IPEndPoint address)
    {
        address = new IPEndPoint(IPAddress.Loopback, 0);
        if (listen.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase)) listen = "127.0.0.1" + listen["localhost".Length..];
        if (!listen.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(listen, out var parsed)) return false;
        if (listen.EndsWith(']') || IPAddress.TryParse(listen, out _)) return false; // an address alone
        address = parsed;
        return true;
    }

    private static async Task<(IReadOnlyList<string> Keys, string? Problem)> ReadKeysAsync(string? file, CancellationToken cancellationToken)
    {
        if (file is null) return ([], null);
        try
        {
            var lines = await File.ReadAllLinesAsync(file, cancellationToken);
            List<string> keys = [.. lines.Select(static line => line.Trim()).Where(static line => line.Length > 0)];
            return keys.Count > 0 ? (keys, null) : ([], $"The key file '{file}' holds no key; write one on each line.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ([], $"The key file '{file}' can't be read: {e.Message}");
        }
    }

    private static async Task<int> FailAsync(string message, int exitCode)
    {
        await Console.Error.WriteLineAsync(message);
        return exitCode;
    }
}
