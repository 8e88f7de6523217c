using Infill.Completion.Shaping;

namespace Infill.Evaluation.Places;

/// <summary>A file to sample places from.</summary>
/// <param name="Path">Within its folder, with slashes: how the file is called in prompts.</param>
/// <param name="Language">LSP's identifier.</param>
/// <param name="Text">As it is on disk, but for a byte order mark.</param>
internal sealed record SourceFile(string Path, string Language, string Text)
{
    private const int LeastLength = 1_000;
    private const int MostLength = 200_000;
    private const int LongestLine = 1_000; // longer ones are data, or were written by a program

    private static readonly HashSet<string> s_languages = new(StringComparer.Ordinal)
    {
        "csharp", "python", "typescript", "typescriptreact", "javascript", "javascriptreact", "go", "rust", "java", "c", "cpp",
    };

    private static readonly HashSet<string> s_skipped = new(StringComparer.Ordinal) { "node_modules", "dist", "bin", "obj", "vendor", "third_party" };

    public CodeLanguage Writing { get; } = CodeLanguage.ById(Language);

    /// <summary>The first folder of its path: a package of the held-out ones. Empty where it lies in none.</summary>
    public string Package { get; } = Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.IndexOf('/', StringComparison.Ordinal)] : "";

    /// <summary>Source files under the folders, in an order that is the same everywhere.</summary>
    public static IReadOnlyList<SourceFile> Collect(IEnumerable<string> folders)
    {
        var files = new List<SourceFile>();
        foreach (var folder in folders)
        {
            var root = System.IO.Path.GetFullPath(folder);
            foreach (var path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                var name = System.IO.Path.GetRelativePath(root, path).Replace('\\', '/');
                if (IsSource(name) && TryRead(path, out var text)) files.Add(new SourceFile(name, CodeLanguage.IdOf(name), text));
            }
        }

        return files;
    }

    private static bool IsSource(string name) =>
        s_languages.Contains(CodeLanguage.IdOf(name))
        && !name.EndsWith(".d.ts", StringComparison.Ordinal)
        && !name.Contains(".min.", StringComparison.Ordinal)
        && !name.Split('/').Any(static part => part.StartsWith('.') || s_skipped.Contains(part));

    private static bool TryRead(string path, out string text)
    {
        text = "";
        if (new FileInfo(path).Length is < LeastLength or > MostLength) return false;
        text = File.ReadAllText(path);
        return !text.Contains('\0', StringComparison.Ordinal)
            && !text.Contains('\uFFFD', StringComparison.Ordinal)
            && text.Split('\n').All(static line => line.Length < LongestLine);
    }
}
