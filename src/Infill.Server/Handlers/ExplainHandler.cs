using Infill.Completion;
using Infill.Engine;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;

namespace Infill.Server.Handlers;

/// <summary>infill/explain: which bytes of which files the prompt at a place has, and why.</summary>
internal sealed class ExplainHandler(Session session, Func<ISuggestionService> completions, SuggestionSource suggestions)
{
    public void Register(MethodTable methods) => methods.OnRequest(
        LspMethods.Explain, static () => ProtocolJsonContext.Default.ExplainParams, static () => ProtocolJsonContext.Default.ExplainResult, HandleAsync);

    private async Task<ExplainResult> HandleAsync(ExplainParams parameters, IncomingRequest request)
    {
        if (DocumentPlace.Find(session, parameters.TextDocument.Uri, parameters.Position) is not { } place) return Refused("The document's text is unknown until it is opened again.");
        var known = session.KnownSettingsAsync();
        await Task.Yield(); // the turn is over
        if (suggestions.RequestAt(place, await known) is not { } asked)
        {
            return Refused("No part of this file may enter a prompt: its name says that it holds secrets, or .infillignore names it.");
        }

        try
        {
            return Conversions.ToLsp(await completions().ExplainAsync(asked, request.Cancelled));
        }
        catch (EngineException e)
        {
            throw new RpcException(RpcErrorCodes.RequestFailed, e.Message);
        }
    }

    private static ExplainResult Refused(string sentence) => new("", 0, [], sentence);
}
