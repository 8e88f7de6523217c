namespace Infill.Models;

/// <summary>The model that comes with the program.</summary>
public static class DefaultModel
{
    public const string FileName = "infill-52m-iq4_nl.gguf";

    /// <summary>Where the model lies beside the program, wherever that was started from.</summary>
    /// <returns>A full path, whether or not the file is there: loading says what is wrong with it.</returns>
    public static string Path => System.IO.Path.Combine(AppContext.BaseDirectory, "models", FileName);
}
