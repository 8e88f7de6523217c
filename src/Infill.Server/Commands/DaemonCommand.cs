using System.CommandLine;
using Infill.Engine;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Commands;

/// <summary><c>infill daemon</c>: the process that <c>infill lsp --shared</c> starts for a user's editors. Not for people.</summary>
internal static class DaemonCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model();
        var command = new Command("daemon", "Serve this user's editors from one engine (started by 'infill lsp --shared').") { model };
        command.Hidden = true;
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments.GetValue(model), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? model, CancellationToken cancellationToken)
    {
        var problems = new List<string>(); // each editor is told of them by its own conversation
        var settings = InfillSettings.From([.. SettingsSources.Own(problems.Add), model is null ? null : new SettingsLayer { Model = model }], problems.Add);
        try
        {
            var place = SharingPlace.Of(settings);
            using var socket = SharedSocket.TryOpen(place);
            if (socket is null) return ExitCodes.Done; // another was faster

            await Console.Out.WriteLineAsync("listening"); // whoever started us waits for it
            UnixNative.LeaveTerminal();
            UnixNative.Detach(place.Log);
            await ServeAsync(settings, socket, cancellationToken);
            return ExitCodes.Done;
        }
        catch (EngineException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCodes.Failed;
        }
    }

    private static async Task ServeAsync(InfillSettings settings, SharedSocket socket, CancellationToken cancellationToken)
    {
        using var loggers = new LoggerFactory([LineLoggerProvider.ToStandardError(LogLevel.Information)]);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var engine = new SharedEngine(settings, LogLevel.Warning, loggers, renew: ending.Cancel);
        using var idle = new IdleWatch(settings.SharedIdle, ending.Cancel, TimeProvider.System);
        engine.EditorsChanged = idle.Count;
        await engine.Listener.RunAsync(socket.Socket, ending.Token);
    }
}
