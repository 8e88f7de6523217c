using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

/// <param name="TextDocument">Where the cursor is.</param>
/// <param name="Position">The cursor.</param>
/// <param name="Context">Why it is asked.</param>
/// <param name="WorkDoneToken">Where the client wants to see progress.</param>
/// <param name="PartialResultToken">Where the client takes items before the response; used, the response has none.</param>
public sealed record InlineCompletionParams(
    TextDocumentIdentifier TextDocument,
    Position Position,
    InlineCompletionContext Context,
    ProgressToken? WorkDoneToken = null,
    ProgressToken? PartialResultToken = null);

/// <param name="TriggerKind">By hand, or by typing.</param>
/// <param name="SelectedCompletionInfo">What the open completion list would insert; a suggestion must continue it.</param>
public sealed record InlineCompletionContext(InlineCompletionTriggerKind TriggerKind, SelectedCompletionInfo? SelectedCompletionInfo = null);

public enum InlineCompletionTriggerKind
{
    Invoked = 1,
    Automatic = 2,
}

public sealed record SelectedCompletionInfo(LspRange Range, string Text);

public sealed record InlineCompletionList(IReadOnlyList<InlineCompletionItem> Items)
{
    public static InlineCompletionList Empty { get; } = new([]);
}

/// <param name="InsertText">Plain text; snippets are not produced.</param>
/// <param name="FilterText">What the typed text is compared with; null means InsertText.</param>
/// <param name="Range">What it replaces; on one line, and around the cursor. Null means the word at the cursor, as the client sees it.</param>
/// <param name="Command">Run by the client once the item is accepted.</param>
public sealed record InlineCompletionItem(string InsertText, string? FilterText = null, LspRange? Range = null, Command? Command = null);

/// <summary>No part of LSP: tells that an item is on the screen.</summary>
public sealed record DidShowCompletionParams(InlineCompletionItem Item);

/// <summary>No part of LSP: tells that the user took the beginning of an item.</summary>
/// <param name="Item">The item, as it was sent.</param>
/// <param name="AcceptedLength">In UTF-16 code units of the item's text.</param>
public sealed record DidPartiallyAcceptCompletionParams(
    InlineCompletionItem Item,
    [property: JsonConverter(typeof(UIntegerConverter))] int AcceptedLength);

/// <summary>The parameters of <c>$/progress</c>.</summary>
/// <typeparam name="T">A list of items for a partial result, or one of the WorkDoneProgress records.</typeparam>
public sealed record ProgressParams<T>(ProgressToken Token, T Value);
