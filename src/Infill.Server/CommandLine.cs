using System.CommandLine;
using Infill.Server.Commands;

namespace Infill.Server;

/// <summary>The program's arguments → a command.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("Code completion from a local model, for any editor that speaks LSP.")
        {
            LspCommand.Create(),
            CompleteCommand.Create(),
            DoctorCommand.Create(),
            ModelCommand.Create(),
            GpuCommand.Create(),
            BenchCommand.Create(),
            ServeCommand.Create(),
            DaemonCommand.Create(),
            StatusCommand.Create(),
            StatsCommand.Create(),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(error.Message);
            }

            await Console.Error.WriteLineAsync("Try 'infill --help'.");
            return ExitCodes.BadArguments;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(2) });
    }
}
