using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Handlers;

/// <summary>Where a suggestion is wanted: in a document, or in a notebook's cell, which sees the cells around it as text around its own.</summary>
/// <param name="Uri">What is typed in: the document, or the notebook in the cell's language.</param>
/// <param name="File">What rules and names go by: the document, or the notebook.</param>
/// <param name="Path">Its name in prompts.</param>
/// <param name="Language">LSP's identifier.</param>
/// <param name="Text">All that the suggestion sees.</param>
internal sealed record DocumentPlace(string Uri, string File, string Path, string Language, SourceText Text)
{
    /// <summary>Offset in the text.</summary>
    public int Cursor { get; init; }

    /// <summary>The client's document, which its positions are in.</summary>
    private SourceText Own { get; init; } = Text;

    /// <summary>What the client calls it; null for a cell, whose notebook the dispatch loop alone may read.</summary>
    private string? Document { get; init; }

    /// <summary>Where that begins in the text.</summary>
    private int Start { get; init; }

    private PositionEncoding Encoding { get; init; }

    /// <summary>Null where the text is out of step.</summary>
    /// <exception cref="RpcException">The document is not open, or the position is outside it.</exception>
    public static DocumentPlace? Find(Session session, string uri, Position position)
    {
        if (Of(session, uri) is { } place) return place with { Cursor = place.OffsetOf(position) };
        return session.Notebooks.StateOf(uri) != DocumentState.NotOpen || session.Documents.StateOf(uri) == DocumentState.OutOfStep
            ? null
            : throw new RpcException(RpcErrorCodes.InvalidParams, $"{uri} is not open; send textDocument/didOpen first.");
    }

    /// <summary>Offset in the text of a position in the client's document.</summary>
    /// <exception cref="RpcException">The position is outside it.</exception>
    public int OffsetOf(Position position) => Own.TryGetOffset(Conversions.ToText(position), Encoding, out var offset)
        ? Start + offset
        : throw new RpcException(RpcErrorCodes.InvalidParams, $"Line {position.Line} is outside the document, whose last line is {Own.LineCount - 1}.");

    /// <summary>The position in the client's document of an offset in the text that lies in it.</summary>
    public Position PositionAt(int offset) => Conversions.ToLsp(Own.PositionAt(offset - Start, Encoding));

    /// <summary>Whether the document is still as it was, as far as any thread may know.</summary>
    public bool IsCurrent(Session session) =>
        Document is null || (session.Documents.TryGet(Document, out var now) && ReferenceEquals(now.Text, Own));

    private static DocumentPlace? Of(Session session, string uri)
    {
        if (session.Notebooks.FindCell(uri) is var (cell, notebook, start))
        {
            return new DocumentPlace(notebook.Uri, notebook.Notebook, Conversions.ToPromptPath(notebook, session.Folders), cell.LanguageId, notebook.Text)
            {
                Own = cell.Text,
                Start = start,
                Encoding = session.Encoding,
            };
        }

        return session.Documents.TryGet(uri, out var document)
            ? new DocumentPlace(uri, uri, Conversions.ToPromptPath(uri, session.Folders), document.LanguageId, document.Text) { Document = uri, Encoding = session.Encoding }
            : null;
    }
}
