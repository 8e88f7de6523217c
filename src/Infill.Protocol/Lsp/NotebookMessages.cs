using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

/// <summary>A notebook: an ordered list of cells, whose texts are documents of their own.</summary>
public sealed record NotebookDocument(
    string Uri,
    string NotebookType,
    int Version,
    IReadOnlyList<NotebookCell> Cells,
    JsonElement? Metadata = null);

/// <param name="Kind">What the cell holds.</param>
/// <param name="Document">The URI of the cell's text.</param>
/// <param name="Metadata">The client's own.</param>
public sealed record NotebookCell(NotebookCellKind Kind, string Document, JsonElement? Metadata = null);

public enum NotebookCellKind
{
    Markup = 1,
    Code = 2,
}

public sealed record NotebookDocumentIdentifier(string Uri);

public sealed record VersionedNotebookDocumentIdentifier(string Uri, int Version);

/// <param name="NotebookDocument">The notebook.</param>
/// <param name="CellTextDocuments">The texts of those of its cells that were asked for.</param>
public sealed record DidOpenNotebookDocumentParams(NotebookDocument NotebookDocument, IReadOnlyList<TextDocumentItem> CellTextDocuments);

public sealed record DidChangeNotebookDocumentParams(VersionedNotebookDocumentIdentifier NotebookDocument, NotebookDocumentChangeEvent Change);

public sealed record NotebookDocumentChangeEvent(NotebookDocumentCellChanges? Cells = null, JsonElement? Metadata = null);

/// <param name="Structure">Cells that came, went or moved.</param>
/// <param name="Data">Cells whose kind or metadata changed.</param>
/// <param name="TextContent">Cells whose text changed.</param>
public sealed record NotebookDocumentCellChanges(
    NotebookDocumentCellChangeStructure? Structure = null,
    IReadOnlyList<NotebookCell>? Data = null,
    IReadOnlyList<NotebookDocumentCellContentChanges>? TextContent = null);

public sealed record NotebookDocumentCellChangeStructure(
    NotebookCellArrayChange Array,
    IReadOnlyList<TextDocumentItem>? DidOpen = null,
    IReadOnlyList<TextDocumentIdentifier>? DidClose = null);

/// <summary>From <paramref name="Start"/>, <paramref name="DeleteCount"/> cells go and <paramref name="Cells"/> come.</summary>
public sealed record NotebookCellArrayChange(
    [property: JsonConverter(typeof(UIntegerConverter))] int Start,
    [property: JsonConverter(typeof(UIntegerConverter))] int DeleteCount,
    IReadOnlyList<NotebookCell>? Cells = null);

public sealed record NotebookDocumentCellContentChanges(
    VersionedTextDocumentIdentifier Document,
    IReadOnlyList<TextDocumentContentChangeEvent> Changes);

public sealed record DidSaveNotebookDocumentParams(NotebookDocumentIdentifier NotebookDocument);

public sealed record DidCloseNotebookDocumentParams(
    NotebookDocumentIdentifier NotebookDocument,
    IReadOnlyList<TextDocumentIdentifier> CellTextDocuments);
