namespace Infill.Evaluation.Places;

/// <summary>Where in a file a cursor stands, by what it will write next.</summary>
internal enum PlaceKind
{
    /// <summary>Between two words with nothing behind on the line; the rest of the line is to be written.</summary>
    EndOfLine,

    /// <summary>Between two words with more of the line behind it; what is missing between is to be written.</summary>
    MiddleOfLine,

    /// <summary>Inside a name with nothing behind on the line; the rest of the line is to be written.</summary>
    MiddleOfWord,

    /// <summary>On the first line of a block, behind its indentation; the block is to be written.</summary>
    StartOfBlock,

    /// <summary>Between the brackets of a call; its arguments are to be written.</summary>
    CallArguments,
}

/// <summary>A hole in a file: what was there is what a suggestion ought to say.</summary>
/// <param name="Number">Its place in the sample.</param>
/// <param name="Kind">What sort of place it is.</param>
/// <param name="File">Whole.</param>
/// <param name="Start">Where the hole begins, and the cursor stands.</param>
/// <param name="End">Where it ends.</param>
internal sealed record Place(int Number, PlaceKind Kind, SourceFile File, int Start, int End)
{
    /// <summary>Other files that are open in the editor, in the order in which they were opened.</summary>
    public IReadOnlyList<SourceFile> OpenFiles { get; init; } = [];

    /// <summary>What else tells this place from others of its kind; null where nothing does.</summary>
    public string? Group { get; init; }

    /// <summary>The file without the hole's text.</summary>
    public string Document => File.Text[..Start] + File.Text[End..];

    public string Before => File.Text[..Start];

    public string After => File.Text[End..];

    /// <summary>What was there, with line feeds.</summary>
    public string Truth => Lf(File.Text[Start..End]);

    public static string Lf(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
}
