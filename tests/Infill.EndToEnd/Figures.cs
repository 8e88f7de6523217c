namespace Infill.EndToEnd;

/// <summary>What the suites measured, in a file for whoever runs them: a runner shows nobody what passing tests print.</summary>
/// <remarks>Tests run one after another.</remarks>
internal static class Figures
{
    private static readonly OrderedDictionary<string, string> s_lines = new(StringComparer.Ordinal);

    /// <summary>Begun anew by each run.</summary>
    public static string File => Path.Combine(AppContext.BaseDirectory, "figures.txt");

    /// <param name="output">Of the test.</param>
    /// <param name="name">A later figure of the same name takes its place.</param>
    /// <param name="figure">A sentence.</param>
    public static void Tell(ITestOutputHelper output, string name, string figure)
    {
        output.WriteLine(figure);
        s_lines[name] = figure;
        System.IO.File.WriteAllLines(File, s_lines.Values);
    }
}
