using Infill.Completion.Documents;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Handlers;

/// <summary>A request's document and position as an offset, or the error that the protocol asks for.</summary>
internal static class DocumentPlace
{
    /// <summary>Null where the document is out of step.</summary>
    /// <exception cref="RpcException">The document is not open, or the position is outside it.</exception>
    public static (SourceText Text, int Cursor, string Language)? Find(Session session, string uri, Position position)
    {
        if (session.Documents.TryGet(uri, out var snapshot)) return (snapshot.Text, Offset(session, snapshot.Text, position), snapshot.LanguageId);
        return session.Documents.StateOf(uri) == DocumentState.OutOfStep
            ? null
            : throw new RpcException(RpcErrorCodes.InvalidParams, $"{uri} is not open; send textDocument/didOpen first.");
    }

    /// <exception cref="RpcException">The position is outside the text.</exception>
    public static int Offset(Session session, SourceText text, Position position) =>
        text.TryGetOffset(Conversions.ToText(position), session.Encoding, out var offset)
            ? offset
            : throw new RpcException(
                RpcErrorCodes.InvalidParams, $"Line {position.Line} is outside the document, whose last line is {text.LineCount - 1}.");
}
