using System.Diagnostics;
using System.Text;
using Infill.Models.Gpu;

namespace Infill.Server.Gpu;

/// <summary>Tries a library in a process of its own: on errors of a GPU ggml ends the process that it is in.</summary>
/// <param name="start">The program that tries; its output is read.</param>
/// <param name="limit">After this time it is ended. Kernels may have to be compiled, which took a minute where it was seen.</param>
/// <param name="time">Measures it.</param>
internal sealed class GpuProbe(Func<InstalledGpuLibrary, ProcessStartInfo> start, TimeSpan limit, TimeProvider time)
{
    private const int ErrorCharacters = 8000;

    /// <summary>By this program itself, with ten minutes.</summary>
    public static GpuProbe OfProgram { get; } = new(static installed => OwnProgram.StartOf("gpu", "try", installed.Library.Name, installed.Path), TimeSpan.FromMinutes(10), TimeProvider.System);

    /// <param name="installed">What to try.</param>
    /// <param name="reached">Told each stage as it is reached; any thread.</param>
    /// <param name="cancellationToken">Ends the trial too.</param>
    public async Task<ProbeResult> RunAsync(InstalledGpuLibrary installed, Action<TrialStage> reached, CancellationToken cancellationToken)
    {
        if (!installed.IsWhole) return ProbeOutcome.Damaged(installed.Library);
        using var process = new Process { StartInfo = start(installed) };
        process.StartInfo.UseShellExecute = false;
        process.StartInfo.RedirectStandardInput = true; // it ends when this does
        process.StartInfo.RedirectStandardOutput = true;
        process.StartInfo.RedirectStandardError = true;
        process.StartInfo.Environment["GGML_NO_BACKTRACE"] = "1"; // else an abort starts a debugger
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new ProbeResult(false, $"the process that tries it can't be started ({e.Message})", []);
        }

        using var limited = new CancellationTokenSource(limit, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limited.Token, cancellationToken);
        var lines = new List<TrialLine>();
        var error = new StringBuilder();
        var errors = ReadAsync(process.StandardError, line =>
        {
            if (error.Length < ErrorCharacters) error.AppendLine(line);
        });
        var output = ReadAsync(process.StandardOutput, line =>
        {
            if (TrialLine.Read(line) is not { } said) return;
            lines.Add(said);
            if (said.Stage != TrialStage.Said) reached(said.Stage);
        });
        try
        {
            await process.WaitForExitAsync(ending.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            await Task.WhenAll(output, errors);
            cancellationToken.ThrowIfCancellationRequested();
            return ProbeOutcome.Of(installed.Library, lines, exitCode: null, limit, error.ToString());
        }

        await Task.WhenAll(output, errors);
        return ProbeOutcome.Of(installed.Library, lines, process.ExitCode, limit, error.ToString());
    }

    private static async Task ReadAsync(StreamReader reader, Action<string> take)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line) take(line);
    }
}
