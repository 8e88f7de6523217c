using System.Globalization;
using Infill.Completion.Acceptance;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Handlers;

/// <summary>textDocument/completion, for clients without inline completion: the same suggestion as one item.</summary>
internal sealed class CompletionHandler(Session session, SuggestionSource suggestions, AcceptanceLedger ledger)
{
    private const int LabelLength = 60;

    private int _lastId; // dispatch loop only

    public void Register(MethodTable methods) => methods.OnRequest(
        LspMethods.Completion, static () => ProtocolJsonContext.Default.CompletionParams, static () => ProtocolJsonContext.Default.CompletionList, HandleAsync);

    private async Task<CompletionList> HandleAsync(CompletionParams parameters, IncomingRequest request)
    {
        var nothing = new CompletionList(IsIncomplete: true, []);
        if (DocumentPlace.Find(session, parameters.TextDocument.Uri, parameters.Position) is not { } place) return nothing;
        var known = session.KnownSettingsAsync();
        var id = string.Create(CultureInfo.InvariantCulture, $"menu {++_lastId}");
        using var active = session.Active.Begin(place.Uri, request);
        await Task.Yield(); // the turn is over

        var settings = await known;
        if (!settings.IsEnabledFor(place.Language)) return nothing; // no way to ask by hand: LSP calls a list invoked that comes up while typing
        var suggested = "";
        await foreach (var suggestion in suggestions.SuggestAsync(place, isInvoked: false, settings, active.Superseded, request.Cancelled))
        {
            suggested = suggestion.Text;
        }

        active.ThrowIfEnded();
        if (suggested.Length == 0) return nothing;
        AnswerMetrics.Give(place, session);
        ledger.Shown([new ShownSuggestion(id, place.Uri, place.Language, place.Text, place.Cursor, suggested) { IsInMenu = true }]);

        // The client filters by what stands before the cursor, so the item must begin with the word that is being typed.
        var word = WordBefore(place.Text, place.Cursor);
        var range = new LspRange(place.PositionAt(place.Cursor - word.Length), place.PositionAt(place.Cursor));
        var insert = word + suggested;
        return new CompletionList(IsIncomplete: true, [new CompletionItem(
            Label(insert),
            Kind: CompletionItemKind.Text,
            Detail: "infill",
            Documentation: new MarkupContent("plaintext", insert),
            FilterText: insert,
            SortText: "\0",
            InsertTextFormat: InsertTextFormat.PlainText,
            InsertTextMode: InsertTextMode.AsIs,
            TextEdit: new TextEdit(range, insert))]);
    }

    private static string WordBefore(Infill.Completion.Documents.SourceText text, int cursor)
    {
        var start = cursor;
        var lineStart = text.LineStart(text.LineOf(cursor));
        while (start > lineStart && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_')) start--;
        return text.Substring(start, cursor - start);
    }

    private static string Label(string insert)
    {
        var line = insert.AsSpan().Trim();
        var end = line.IndexOfAny('\r', '\n');
        var isCut = end >= 0;
        if (isCut) line = line[..end];
        if (line.Length > LabelLength)
        {
            line = line[..(char.IsHighSurrogate(line[LabelLength - 1]) ? LabelLength - 1 : LabelLength)];
            isCut = true;
        }

        return isCut ? $"{line}…" : line.ToString();
    }
}
