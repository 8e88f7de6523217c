namespace Infill.Completion.Shaping;

/// <summary>What shaping needs to know of a language's writing: enough to tell code from strings and comments, and how blocks are marked.</summary>
public sealed record CodeLanguage
{
    /// <summary>For files of a kind that isn't known: quotes are guessed, and nothing is a comment.</summary>
    public static CodeLanguage Unknown { get; } = new();

    private static readonly CodeLanguage s_slashes = new() { IsKnown = true, LineComment = "//", HasBlockComments = true, SingleQuotes = SingleQuotes.Character };

    private static readonly CodeLanguage s_csharp = s_slashes with
    {
        HasTripleQuotes = true,
        HasVerbatimStrings = true,
    };

    private static readonly CodeLanguage s_java = s_slashes with { HasTripleQuotes = true };

    private static readonly CodeLanguage s_script = s_slashes with
    {
        SingleQuotes = SingleQuotes.Text,
        HasBackquotes = true,
        HasRegexes = true,
    };

    private static readonly CodeLanguage s_go = s_slashes with { HasBackquotes = true };

    private static readonly CodeLanguage s_rust = s_slashes with { SingleQuotes = SingleQuotes.CharacterOrLifetime, HasMultiLineStrings = true };

    private static readonly CodeLanguage s_hashes = new() { IsKnown = true, LineComment = "#", SingleQuotes = SingleQuotes.Text };

    private static readonly CodeLanguage s_python = s_hashes with
    {
        HasTripleQuotes = true,
        HasBlocksByIndentation = true,
    };

    public bool IsKnown { get; private init; }

    /// <summary>What begins a comment that ends with its line; empty where nothing does.</summary>
    public string LineComment { get; private init; } = "";

    /// <summary><c>/* … */</c></summary>
    public bool HasBlockComments { get; private init; }

    public SingleQuotes SingleQuotes { get; private init; } = SingleQuotes.Guessed;

    /// <summary><c>`…`</c>, over lines.</summary>
    public bool HasBackquotes { get; private init; }

    /// <summary><c>"""…"""</c>, over lines; where single quotes make strings, three of those too.</summary>
    public bool HasTripleQuotes { get; private init; }

    /// <summary>C#'s <c>@"…"</c>, in which a doubled quote is one.</summary>
    public bool HasVerbatimStrings { get; private init; }

    /// <summary>A plain string may reach over lines.</summary>
    public bool HasMultiLineStrings { get; private init; }

    /// <summary><c>/…/</c> where a value may stand.</summary>
    public bool HasRegexes { get; private init; }

    /// <summary>Blocks are marked by indentation alone.</summary>
    public bool HasBlocksByIndentation { get; private init; }

    /// <summary>By LSP's language identifier; <see cref="Unknown"/> where it names none of ours.</summary>
    public static CodeLanguage ById(string id) => id switch
    {
        "csharp" => s_csharp,
        "java" or "kotlin" or "scala" or "groovy" => s_java,
        "javascript" or "javascriptreact" or "typescript" or "typescriptreact" => s_script,
        "go" => s_go,
        "rust" => s_rust,
        "c" or "cpp" or "objective-c" or "objective-cpp" or "swift" or "dart" or "zig" => s_slashes,
        "python" => s_python,
        "shellscript" or "yaml" or "toml" or "ruby" or "perl" or "r" or "elixir" or "dockerfile" or "makefile" => s_hashes,
        _ => Unknown,
    };

    /// <summary>LSP's language identifier by a file's extension, for callers that have no better source; empty where it isn't known.</summary>
    public static string IdOf(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".cs" => "csharp",
        ".java" => "java",
        ".kt" or ".kts" => "kotlin",
        ".js" or ".mjs" or ".cjs" => "javascript",
        ".jsx" => "javascriptreact",
        ".ts" or ".mts" or ".cts" => "typescript",
        ".tsx" => "typescriptreact",
        ".go" => "go",
        ".rs" => "rust",
        ".c" or ".h" => "c",
        ".cc" or ".cpp" or ".cxx" or ".hh" or ".hpp" => "cpp",
        ".py" or ".pyi" => "python",
        ".sh" or ".bash" => "shellscript",
        ".rb" => "ruby",
        ".yml" or ".yaml" => "yaml",
        ".toml" => "toml",
        _ => "",
    };

    /// <summary>How files in a language usually end, with the dot; null where that isn't known.</summary>
    public static string? EndingOf(string id) => id switch
    {
        "csharp" => ".cs",
        "java" => ".java",
        "kotlin" => ".kt",
        "scala" => ".scala",
        "javascript" => ".js",
        "javascriptreact" => ".jsx",
        "typescript" => ".ts",
        "typescriptreact" => ".tsx",
        "go" => ".go",
        "rust" => ".rs",
        "c" => ".c",
        "cpp" => ".cpp",
        "python" => ".py",
        "r" => ".r",
        "shellscript" => ".sh",
        "ruby" => ".rb",
        "markdown" => ".md",
        _ => null,
    };
}

/// <summary>What <c>'</c> means.</summary>
public enum SingleQuotes
{
    /// <summary>A string, unless it looks like an apostrophe.</summary>
    Guessed,

    /// <summary>A string, like any other quotes.</summary>
    Text,

    /// <summary>One character, or an escape.</summary>
    Character,

    /// <summary>The same, but <c>'a</c> alone is a lifetime.</summary>
    CharacterOrLifetime,
}
