namespace Infill.EndToEnd;

/// <summary>Files whose continuation the embedded model knows well.</summary>
internal static class SampleCode
{
    /// <summary>
    /// Four classes alike, and a fifth that has only begun. So many that the model says the same whatever the machine, its threads
    /// and the cut of its batches: with two of them its best two continuations nearly tied.
    /// </summary>
    public static string Shapes { get; } = File.ReadAllText(Places.Shapes);
}
