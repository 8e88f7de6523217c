using System.Text.Json;
using System.Text.Json.Serialization;
using Infill.Completion.Acceptance;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Commands;
using Infill.Server.ModelChoice;
using Infill.Server.Sharing;

namespace Infill.Server.Handlers;

/// <summary>workspace/executeCommand, which every editor can call: what was accepted, the choice of a model, a new engine.</summary>
internal sealed class CommandHandler(Session session, AcceptanceLedger ledger, ModelChooser models, WorkList work, SharedSeat? seat)
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
                    JsonSerializer.SerializeToElement(await models.PullAsync(name, shown), ModelChoiceJsonContext.Default.PulledModel));
            case CommandNames.UseModel:
                return await WithNameAsync(parameters, request, "Loading", async (name, shown) =>
                    JsonSerializer.SerializeToElement(await models.UseAsync(name, shown), ModelChoiceJsonContext.Default.ChosenModel));
            case CommandNames.RestartEngine:
                seat?.Renew?.Invoke();
                return null;
            default:
                throw new RpcException(RpcErrorCodes.InvalidParams, $"There is no command {parameters.Command}.");
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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PulledModel))]
[JsonSerializable(typeof(ChosenModel))]
internal sealed partial class ModelChoiceJsonContext : JsonSerializerContext;
