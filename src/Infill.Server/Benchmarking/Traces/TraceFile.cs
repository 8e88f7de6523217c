using System.Text;

namespace Infill.Server.Benchmarking.Traces;

/// <summary>A real file to type in; embedded, see <c>Files/NOTICE</c>.</summary>
/// <param name="Name">Its name in prompts and URIs.</param>
/// <param name="Language">LSP's language id.</param>
/// <param name="Text">With LF line ends.</param>
internal sealed record TraceFile(string Name, string Language, string Text)
{
    private static readonly (string Name, string Language)[] s_files =
    [
        ("formatting.py", "python"),
        ("form_mapping.go", "go"),
        ("Subscriber.ts", "typescript"),
        ("WebSocketSubject.ts", "typescript"),
        ("MessageReader.cs", "csharp"),
    ];

    /// <summary>All of them, always in the same order.</summary>
    public static IReadOnlyList<TraceFile> All { get; } = [.. s_files.Select(static file => new TraceFile(file.Name, file.Language, Read(file.Name)))];

    private static string Read(string name)
    {
        using var stream = typeof(TraceFile).Assembly.GetManifestResourceStream($"trace/{name}")
            ?? throw new InvalidOperationException($"The trace file {name} is not embedded.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
