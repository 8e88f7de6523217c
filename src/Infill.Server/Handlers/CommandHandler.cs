using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Completion.Acceptance;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Commands;
using Infill.Server.ModelChoice;
using Infill.Server.Sharing;

namespace Infill.Server.Handlers;

/// <summary>workspace/executeCommand, which every editor can call: what was accepted, the choice of a model, the live page, a new engine.</summary>
/// <param name="session">The editor's.</param>
/// <param name="ledger">Told of what was accepted.</param>
/// <param name="models">Lists, pulls and chooses.</param>
/// <param name="work">Shown to the editor.</param>
/// <param name="newPageLink">Has the engine's live page shown, and gives the address to open.</param>
/// <param name="seat">At a shared engine; null where there is none.</param>
internal sealed class CommandHandler(Session session, AcceptanceLedger ledger, ModelChooser models, WorkList work, Func<Task<string>> newPageLink, SharedSeat? seat)
{
    public void Register(MethodTable methods)
    {
        var json = ProtocolJsonContext.Default;
        methods.OnRequest(LspMethods.ExecuteCommand, () => json.ExecuteCommandParams, () => json.OptionalJsonElement, ExecuteAsync);
        methods.OnNotification(LspMethods.CancelWorkDoneProgress, () => json.WorkDoneProgressCancelParams, parameters => work.Cancel(parameters.Token));
    }

    private async Task<JsonElement?> ExecuteAsync(ExecuteCommandParams parameters, IncomingRequest request)
    {
        switch (parameters.Command)
        {
            case CommandNames.Accepted:
                if (Conversions.ToFirstText(parameters.Arguments) is { } id) ledger.Accepted(id);
                return null;
            case CommandNames.ListModels:
                await Task.Yield(); // the turn is over: it reads the disk
                return JsonSerializer.SerializeToElement(models.List(), ModelListJsonContext.Default.IReadOnlyListListedModel);
            case CommandNames.PullModel:
                return await WithNameAsync(parameters, request, "Pulling", async (name, shown) =>
                    JsonSerializer.SerializeToElement(await models.PullAsync(name, shown), CommandJsonContext.Default.PulledModel));
            case CommandNames.UseModel:
                return await WithNameAsync(parameters, request, "Loading", async (name, shown) =>
                    JsonSerializer.SerializeToElement(await models.UseAsync(name, shown), CommandJsonContext.Default.ChosenModel));
            case CommandNames.OpenPage:
                return JsonSerializer.SerializeToElement(await OpenPageAsync(), CommandJsonContext.Default.OpenedPage);
            case CommandNames.RestartEngine:
                seat?.Renew?.Invoke();
                return null;
            default:
                throw new RpcException(RpcErrorCodes.InvalidParams, $"There is no command {parameters.Command}.");
        }
    }

    private async Task<OpenedPage> OpenPageAsync()
    {
        if (session.Settings.Endpoints is { Count: > 0 } endpoints)
        {
            throw new RpcException(RpcErrorCodes.RequestFailed, $"Suggestions come from {string.Join(", ", endpoints)}, and no engine of this machine has a page to show. An 'infill serve' has its own at its address.");
        }

        await Task.Yield(); // the turn is over
        try
        {
            return new OpenedPage(await newPageLink());
        }
        catch (IOException e)
        {
            throw new RpcException(RpcErrorCodes.RequestFailed, $"The live page can't be served: {e.Message}");
        }
    }

    private async Task<JsonElement?> WithNameAsync(ExecuteCommandParams parameters, IncomingRequest request, string doing, Func<string, Work, Task<JsonElement>> act)
    {
        if (Conversions.ToFirstText(parameters.Arguments) is not { Length: > 0 } name)
        {
            throw new RpcException(RpcErrorCodes.InvalidParams, $"{parameters.Command} needs a model's name as its first argument; {CommandNames.ListModels} gives them.");
        }

        using var shown = work.Begin(parameters.WorkDoneToken, session.Client?.Capabilities.Window?.WorkDoneProgress == true, $"{doing} {name}", request.Cancelled);
        await Task.Yield(); // the turn is over
        return await act(name, shown);
    }
}

/// <summary>What came of asking for the live page.</summary>
/// <param name="Url">For a browser of this machine, once: it holds what lets the browser in.</param>
internal sealed record OpenedPage(string Url);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PulledModel))]
[JsonSerializable(typeof(ChosenModel))]
[JsonSerializable(typeof(OpenedPage))]
internal sealed partial class CommandJsonContext : JsonSerializerContext;
