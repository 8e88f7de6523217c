using Infill.Engine;

namespace Infill.Completion;

/// <summary>A place in a document, and how a suggestion for it may look.</summary>
/// <param name="Text">The document as it was when the request's turn came.</param>
/// <param name="Cursor">Offset in UTF-16 units.</param>
/// <param name="Path">The file's name in the prompt.</param>
public sealed record SuggestionRequest(Documents.SourceText Text, int Cursor, string Path)
{
    public int MaxTokens { get; init; } = 96;

    public RequestPriority Priority { get; init; } = RequestPriority.Automatic;

    public TimeSpan? Deadline { get; init; }

    public Prompting.PromptOptions Prompt { get; init; } = Prompting.PromptOptions.Default;

    public Shaping.ShapingOptions Shaping { get; init; } = Completion.Shaping.ShapingOptions.Default;

    /// <summary>Cancelled when an edit has outdone the request.</summary>
    public CancellationToken Superseded { get; init; }
}

/// <summary>A suggestion as it stands: each is a prefix of the next, and whole enough to be accepted.</summary>
/// <param name="Text">What to insert at the cursor, with the document's line ends; empty where there is nothing to suggest.</param>
/// <param name="Finish"><see cref="FinishReason.None"/> but in the last.</param>
/// <param name="Usage">What it cost; in the last alone.</param>
public sealed record Suggestion(string Text, FinishReason Finish = FinishReason.None, Usage? Usage = null)
{
    /// <summary>In the last, where generation failed: why.</summary>
    public string? Fault { get; init; }
}
