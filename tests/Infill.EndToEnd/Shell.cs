using System.ComponentModel;
using System.Diagnostics;

namespace Infill.EndToEnd;

/// <summary>What a command printed, and how it ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public CommandResult OrThrow(string command) => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"`{command}` ended with {ExitCode}.\n{Output}\n{Errors}");
}

/// <summary>Runs other programs to their end.</summary>
internal static class Shell
{
    /// <exception cref="TimeoutException">It did not end in time; it and its children have been ended.</exception>
    /// <exception cref="InvalidOperationException">It is not installed.</exception>
    public static async Task<CommandResult> RunAsync(string file, IEnumerable<string> arguments, TimeSpan timeout)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            // Read together: a full pipe that nobody reads would stop the program.
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new CommandResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"`{file} {string.Join(' ', start.ArgumentList)}` did not end within {timeout.TotalSeconds} s.", e);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{start.FileName} can't be run ({e.Message}); .ci/run installs what these tests need.", e);
        }
    }
}
