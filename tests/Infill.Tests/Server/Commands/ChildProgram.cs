using System.Diagnostics;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Commands;

/// <summary>The built program as a process of its own, away from the user's settings.</summary>
internal sealed record ChildProgram(int ExitCode, string Output, string Error)
{
    public static async Task<ChildProgram> RunAsync(IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && host.EndsWith("dotnet", StringComparison.Ordinal) ? host : "dotnet")
        {
            UseShellExecute = false,
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "infill.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var inherited in start.Environment.Keys.Where(static name => name.StartsWith("INFILL_", StringComparison.Ordinal)).ToList())
        {
            if (inherited != "INFILL_LLAMA_DIR") start.Environment.Remove(inherited);
        }

        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(AppContext.BaseDirectory, "no-settings-here");
        foreach (var (name, value) in variables) start.Environment[name] = value;

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestEditor.Limit);
        return new ChildProgram(process.ExitCode, await output, await error);
    }
}
