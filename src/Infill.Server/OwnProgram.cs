using System.Diagnostics;

namespace Infill.Server;

/// <summary>This very program, for another process of it.</summary>
internal static class OwnProgram
{
    /// <param name="arguments">As a user would write them.</param>
    public static ProcessStartInfo StartOf(params IEnumerable<string> arguments)
    {
        var program = Environment.ProcessPath ?? "infill";
        var start = new ProcessStartInfo(program) { UseShellExecute = false };

        // Not published, the process is .NET's host, which wants to know what to run.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "infill.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }
}
