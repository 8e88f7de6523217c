namespace Infill.Protocol.Lsp;

/// <summary>For clients without inline completion, which show the same suggestion in their list.</summary>
public sealed record CompletionParams(
    TextDocumentIdentifier TextDocument,
    Position Position,
    CompletionContext? Context = null,
    ProgressToken? WorkDoneToken = null,
    ProgressToken? PartialResultToken = null);

public sealed record CompletionContext(CompletionTriggerKind TriggerKind, string? TriggerCharacter = null);

public enum CompletionTriggerKind
{
    Invoked = 1,
    TriggerCharacter = 2,
    TriggerForIncompleteCompletions = 3,
}

/// <param name="IsIncomplete">True makes the client ask again as the user types on.</param>
/// <param name="Items">In no particular order; the client sorts them.</param>
public sealed record CompletionList(bool IsIncomplete, IReadOnlyList<CompletionItem> Items);

public sealed record CompletionItem(
    string Label,
    CompletionItemLabelDetails? LabelDetails = null,
    CompletionItemKind? Kind = null,
    string? Detail = null,
    MarkupContent? Documentation = null,
    bool? Preselect = null,
    string? SortText = null,
    string? FilterText = null,
    string? InsertText = null,
    InsertTextFormat? InsertTextFormat = null,
    InsertTextMode? InsertTextMode = null,
    TextEdit? TextEdit = null,
    Command? Command = null);

public sealed record CompletionItemLabelDetails(string? Detail = null, string? Description = null);

/// <param name="Kind"><c>plaintext</c> or <c>markdown</c>.</param>
/// <param name="Value">The text.</param>
public sealed record MarkupContent(string Kind, string Value);

/// <summary>Those kinds that this server gives its items.</summary>
public enum CompletionItemKind
{
    Text = 1,
    Snippet = 15,
}

public enum InsertTextFormat
{
    PlainText = 1,
    Snippet = 2,
}

public enum InsertTextMode
{
    AsIs = 1,
    AdjustIndentation = 2,
}
