using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

/// <summary>A place between two characters.</summary>
/// <param name="Line">From 0.</param>
/// <param name="Character">From 0, in units of the negotiated position encoding.</param>
/// <remarks>The attribute makes both members required: a struct is otherwise made without its constructor.</remarks>
[method: JsonConstructor]
public readonly record struct Position(
    [property: JsonConverter(typeof(UIntegerConverter))] int Line,
    [property: JsonConverter(typeof(UIntegerConverter))] int Character);

/// <summary>From Start up to End, which is not part of it. LSP's <c>Range</c>, named apart from System.Range.</summary>
public sealed record LspRange(Position Start, Position End);

public sealed record TextEdit(LspRange Range, string NewText);

/// <summary>Something the client asks back for by <c>workspace/executeCommand</c>.</summary>
/// <param name="Title">For the user.</param>
/// <param name="Name">The command's id; <c>command</c> in JSON.</param>
/// <param name="Arguments">Each any JSON.</param>
public sealed record Command(
    string Title,
    [property: JsonPropertyName("command")] string Name,
    IReadOnlyList<JsonElement>? Arguments = null);

public sealed record TextDocumentIdentifier(string Uri);

public sealed record VersionedTextDocumentIdentifier(string Uri, int Version);

public sealed record TextDocumentItem(
    string Uri,
    string LanguageId,
    int Version,
    [property: JsonConverter(typeof(DocumentTextConverter))] string Text);

public sealed record DidOpenTextDocumentParams(TextDocumentItem TextDocument);

/// <summary>The changes apply one after another, each to the text that the one before it left.</summary>
public sealed record DidChangeTextDocumentParams(
    VersionedTextDocumentIdentifier TextDocument,
    IReadOnlyList<TextDocumentContentChangeEvent> ContentChanges);

/// <param name="Text">What stands in the range afterwards, or the whole new text where there is no range.</param>
/// <param name="Range">Null for a change of the whole document.</param>
/// <param name="RangeLength">Deprecated, and redundant.</param>
public sealed record TextDocumentContentChangeEvent(
    [property: JsonConverter(typeof(DocumentTextConverter))] string Text,
    LspRange? Range = null,
    [property: JsonConverter(typeof(UIntegerConverter))] int? RangeLength = null);

public sealed record DidSaveTextDocumentParams(
    TextDocumentIdentifier TextDocument,
    [property: JsonConverter(typeof(DocumentTextConverter))] string? Text = null);

public sealed record DidCloseTextDocumentParams(TextDocumentIdentifier TextDocument);
