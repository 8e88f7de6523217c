using System.Globalization;
using Infill.Completion;
using Infill.Completion.Acceptance;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Handlers;

/// <summary>textDocument/inlineCompletion: convert, call, convert.</summary>
internal sealed class InlineCompletionHandler(
    Session session, ClientLink client, SuggestionSource suggestions, AcceptanceLedger ledger, TimeProvider time)
{
    private int _lastId; // dispatch loop only

    public void Register(MethodTable methods) => methods.OnRequest(
        LspMethods.InlineCompletion, static () => ProtocolJsonContext.Default.InlineCompletionParams, static () => ProtocolJsonContext.Default.InlineCompletionList, HandleAsync);

    private async Task<InlineCompletionList> HandleAsync(InlineCompletionParams parameters, IncomingRequest request)
    {
        // In the ordered turn: the text, the settings and the place as they are now.
        if (Place.Find(session, parameters) is not { } place) return InlineCompletionList.Empty;
        var known = session.KnownSettingsAsync();
        var id = (++_lastId).ToString(CultureInfo.InvariantCulture);
        using var active = session.Active.Begin(place.At.Uri, request);
        await Task.Yield(); // the turn is over; the next message may be taken

        var settings = await known;
        var partial = parameters.PartialResultToken;
        var pacer = new SnapshotPacer(time);
        var shown = new Suggestion("");
        var isInvoked = parameters.Context.TriggerKind == InlineCompletionTriggerKind.Invoked;
        await foreach (var suggestion in suggestions.SuggestAsync(place.At, isInvoked, settings, active.Superseded, request.Cancelled))
        {
            shown = suggestion;
            var isGrowing = settings.GrowingSnapshots && !active.IsEnded && shown.Alternatives.Count == 0; // others come with the last, once
            if (partial is { } growing && isGrowing && pacer.ShouldSend(shown.Text)) client.SendPartial(growing, Show());
        }

        active.ThrowIfEnded();
        if (shown.Text.Length > 0) AnswerMetrics.Give(place.At, session);
        if (partial is not { } token) return shown.Text.Length == 0 ? InlineCompletionList.Empty : new InlineCompletionList(Show());

        // With partial results the final answer is empty, as 3.18 demands. Sent before the answer, by the same writer.
        if (pacer.ShouldSendLast(shown.Text) || shown.Alternatives.Count > 0) client.SendPartial(token, Show());
        return InlineCompletionList.Empty;

        // One item under one id while it grows; the others under ids of their own.
        List<InlineCompletionItem> Show()
        {
            string[] texts = [shown.Text, .. shown.Alternatives];
            var ids = texts.Select((_, i) => i == 0 ? id : $"{id}.{i}").ToArray();

            // An entry of the client's own menu is continued: its text is not in the document, and what comes of it can't be told.
            if (place.Typed.Length == 0) ledger.Shown([.. texts.Zip(ids, (text, of) => new ShownSuggestion(of, place.At.Uri, place.At.Language, place.At.Text, place.At.Cursor, text))]);
            return [.. texts.Zip(ids, (text, of) => new InlineCompletionItem(place.Typed + text, Range: place.Range, Command: Conversions.AcceptedCommand(of)))];
        }
    }

    /// <summary>Where to suggest, and what the suggestion replaces.</summary>
    /// <param name="At">The place; with an entry of the suggest widget selected, as if that were typed.</param>
    /// <param name="Range">Of the client's document, within one line.</param>
    /// <param name="Typed">Text that the item must begin with: the selected entry.</param>
    internal sealed record Place(DocumentPlace At, LspRange Range, string Typed)
    {
        /// <summary>Null where the document is out of step: nothing can be suggested for a text that is unknown.</summary>
        /// <exception cref="RpcException">The document is not open, or the position is outside it.</exception>
        public static Place? Find(Session session, InlineCompletionParams parameters)
        {
            if (DocumentPlace.Find(session, parameters.TextDocument.Uri, parameters.Position) is not { } place) return null;
            if (parameters.Context.SelectedCompletionInfo is not { } selected)
            {
                var at = place.PositionAt(place.Cursor); // never past the line, even where the client's is
                return new Place(place, new LspRange(at, at), "");
            }

            var from = place.OffsetOf(selected.Range.Start);
            var to = place.OffsetOf(selected.Range.End);
            if (to < from) throw new RpcException(RpcErrorCodes.InvalidParams, "selectedCompletionInfo.range ends before it starts.");
            return new Place(place with { Text = place.Text.With(from, to - from, selected.Text), Cursor = from + selected.Text.Length }, selected.Range, selected.Text);
        }
    }
}
