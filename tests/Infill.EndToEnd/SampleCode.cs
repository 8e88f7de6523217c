namespace Infill.EndToEnd;

/// <summary>Files whose continuation the embedded model knows well.</summary>
internal static class SampleCode
{
    /// <summary>Two classes, and a third that has only begun.</summary>
    public static string Shapes { get; } = File.ReadAllText(Places.Shapes);
}
