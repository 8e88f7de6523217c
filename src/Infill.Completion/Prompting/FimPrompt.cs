namespace Infill.Completion.Prompting;

/// <summary>What a prompt is made of. Texts have LF line ends.</summary>
/// <param name="Prefix">Tokens of the text before the cursor, from the window's start.</param>
/// <param name="Suffix">Tokens of the text after the cursor, to the window's end.</param>
public sealed record FimPrompt(IReadOnlyList<int> Prefix, IReadOnlyList<int> Suffix)
{
    public FileNames Names { get; init; } = FileNames.None;

    /// <summary>Where the prefix begins in the document, in UTF-16 units.</summary>
    public int Start { get; init; }

    /// <summary>Where the suffix ends.</summary>
    public int End { get; init; }

    /// <summary>Of other files, the least useful first; for templates that have a place for them.</summary>
    public IReadOnlyList<ContextFile> Files { get; init; } = [];
}

/// <summary>A part of another file.</summary>
/// <param name="Path">Its name in the prompt.</param>
/// <param name="Text">Its tokens.</param>
public sealed record ContextFile(string Path, IReadOnlyList<int> Text)
{
    /// <summary>What it is a part of, and why it was chosen; null where nobody chose.</summary>
    public Context.ContextChoice? Choice { get; init; }
}

/// <summary>How a file is called in a prompt.</summary>
/// <param name="Path">Relative to its repository, with slashes; empty where it has no name.</param>
/// <param name="Repository">The repository's name; empty where it has none.</param>
public readonly record struct FileNames(string Path, string Repository = "")
{
    /// <summary>Longer names are cut: they may be any URI, and are no part of the budgets.</summary>
    private const int MaxLength = 256;

    public static FileNames None { get; } = new("");

    /// <summary>The same in a length that fits a prompt: the end of a long path says more than its beginning.</summary>
    public FileNames Shortened() => new(End(Path), Repository.Length <= MaxLength ? Repository : "");

    /// <summary>Cut between two folders where there are any.</summary>
    private static string End(string path)
    {
        if (path.Length <= MaxLength) return path;
        var slash = path.IndexOf('/', path.Length - MaxLength);
        var start = slash >= 0 && slash < path.Length - 1 ? slash + 1 : path.Length - MaxLength;
        return char.IsLowSurrogate(path[start]) ? path[(start + 1)..] : path[start..];
    }
}
