using System.Collections.Frozen;

namespace Infill.Completion.Prompting;

/// <summary>A language as prompts name it.</summary>
/// <param name="Name">For models that are told.</param>
/// <param name="Comment">What begins a comment to the line's end, with a blank behind it.</param>
internal sealed record SourceLanguage(string Name, string Comment)
{
    private static readonly FrozenDictionary<string, SourceLanguage> s_byExtension = Table().ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>By the file's extension; null where that says nothing.</summary>
    public static SourceLanguage? Of(string path)
    {
        var dot = path.LastIndexOf('.');
        return dot < 0 ? null : s_byExtension.GetValueOrDefault(path[(dot + 1)..]);
    }

    private static Dictionary<string, SourceLanguage> Table()
    {
        var table = new Dictionary<string, SourceLanguage>();
        Add("C", "// ", "c", "h");
        Add("C++", "// ", "cc", "cpp", "cxx", "hpp", "hh", "hxx");
        Add("C#", "// ", "cs", "csx");
        Add("Go", "// ", "go");
        Add("Java", "// ", "java");
        Add("JavaScript", "// ", "js", "jsx", "mjs", "cjs");
        Add("Kotlin", "// ", "kt", "kts");
        Add("PHP", "// ", "php");
        Add("Rust", "// ", "rs");
        Add("Scala", "// ", "scala");
        Add("Swift", "// ", "swift");
        Add("TypeScript", "// ", "ts", "tsx", "mts", "cts");
        Add("Dart", "// ", "dart");
        Add("Lua", "-- ", "lua");
        Add("SQL", "-- ", "sql");
        Add("Haskell", "-- ", "hs");
        Add("Python", "# ", "py", "pyi");
        Add("Ruby", "# ", "rb");
        Add("Shell", "# ", "sh", "bash", "zsh");
        Add("Perl", "# ", "pl", "pm");
        Add("R", "# ", "r");
        Add("YAML", "# ", "yml", "yaml");
        Add("TOML", "# ", "toml");
        return table;

        void Add(string name, string comment, params ReadOnlySpan<string> extensions)
        {
            foreach (var extension in extensions)
            {
                table.Add(extension, new SourceLanguage(name, comment));
            }
        }
    }
}
