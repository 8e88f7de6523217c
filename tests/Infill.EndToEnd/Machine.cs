using System.Globalization;

namespace Infill.EndToEnd;

/// <summary>Whether the machine's speed is the editor's and the server's own affair at the moment.</summary>
internal static class Machine
{
    private const int MostPerProcessor = 3; // an editor, a browser and a model at work stay below

    /// <summary>What to say behind a figure that is printed but not judged; null where nothing else computes.</summary>
    public static string? Busy()
    {
        var load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        return load > MostPerProcessor * Environment.ProcessorCount
            ? string.Create(CultureInfo.InvariantCulture, $" Not judged: the machine has other things to do (load {load:F1} on {Environment.ProcessorCount} processors).")
            : null;
    }
}
