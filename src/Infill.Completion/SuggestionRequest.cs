using Infill.Engine;

namespace Infill.Completion;

/// <summary>A place in a document, and how a suggestion for it may look.</summary>
/// <param name="Text">The document as it was when the request's turn came.</param>
/// <param name="Cursor">Offset in UTF-16 units.</param>
/// <param name="Path">The file's name in the prompt.</param>
public sealed record SuggestionRequest(Documents.SourceText Text, int Cursor, string Path)
{
    /// <summary>The name of the file's repository in the prompt; empty where it is in none.</summary>
    public string Repository { get; init; } = "";

    /// <summary>LSP's identifier of the document's language; where it is empty the path's ending tells.</summary>
    public string Language { get; init; } = "";

    /// <summary>Of other files, the best first; as many of them are used as <see cref="Prompting.PromptOptions.ContextTokens"/> has room for.</summary>
    public IReadOnlyList<Context.ContextChoice> Context { get; init; } = [];

    public int MaxTokens { get; init; } = 96;

    /// <summary>How many different texts are wanted at most; those after the first come with the last suggestion.</summary>
    public int Candidates { get; init; } = 1;

    /// <summary>Whom the engine's time is shared with.</summary>
    public string Client { get; init; } = "";

    public RequestPriority Priority { get; init; } = RequestPriority.Automatic;

    public TimeSpan? Deadline { get; init; }

    public Prompting.PromptOptions Prompt { get; init; } = Prompting.PromptOptions.Default;

    public Shaping.ShapingOptions Shaping { get; init; } = Completion.Shaping.ShapingOptions.Default;

    /// <summary>Cancelled when an edit has outdone the request.</summary>
    public CancellationToken Superseded { get; init; }
}
