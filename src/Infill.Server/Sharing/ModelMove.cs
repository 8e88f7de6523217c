using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Infill.Engine;
using Infill.Models;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Handlers;
using Infill.Server.ModelChoice;

namespace Infill.Server.Sharing;

/// <summary>An editor's way to the engine of the model that its user has chosen. The request is open until the model is loaded.</summary>
/// <param name="Id">The editor's request.</param>
/// <param name="Chosen">What the engine that is left has answered.</param>
internal sealed record ModelMove(RequestId Id, ChosenModel Chosen)
{
    /// <summary>Null where the answer leads nowhere else.</summary>
    public static ModelMove? Of(Message.Response response)
    {
        if (response.Error is not null) return null;
        var chosen = JsonSerializer.Deserialize(response.Result.Span, CommandJsonContext.Default.ChosenModel);
        return chosen is { IsElsewhere: true } ? new ModelMove(response.Id, chosen) : null;
    }

    /// <summary>Goes there, and has the choice kept.</summary>
    /// <param name="left">The way to the engine before.</param>
    /// <param name="keep">Writes the setting <c>model</c>; null takes it out.</param>
    /// <param name="editor">Is told how far the loading is, where it shows that.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The way to the new engine, which has its model loaded.</returns>
    /// <exception cref="EngineException">The model can't be loaded, or the choice not be kept: why.</exception>
    public async Task<IEngineDoor> GoAsync(IEngineDoor left, Action<string?> keep, MessageWriter editor, CancellationToken cancellationToken)
    {
        if (Chosen.IsLast) await left.UntilEndedAsync(cancellationToken); // there may be no memory for both
        var there = left.ToModel(Chosen.Path);
        await there.UntilReadyAsync(percent => Tell(editor, new WorkDoneProgressReport(Percentage: percent), ProtocolJsonContext.Default.ReportProgress), cancellationToken); // the title says of what
        try
        {
            keep(ChosenModel.SettingOf(Chosen.Name, Chosen.Path));
        }
        catch (ModelException e)
        {
            throw new EngineException(e.Message, e);
        }

        return there;
    }

    public void Answer(MessageWriter editor)
    {
        End(editor, Chosen.Message);
        editor.SendResult(Id, Chosen with { IsInUse = true, IsElsewhere = false, IsLast = false, Progress = null }, CommandJsonContext.Default.ChosenModel);
    }

    public void Answer(MessageWriter editor, EngineException problem)
    {
        End(editor, "it failed");
        editor.SendError(Id, new RpcError(RpcErrorCodes.RequestFailed, $"{problem.Message} The model before it is used again."));
    }

    private void End(MessageWriter editor, string outcome) => Tell(editor, new WorkDoneProgressEnd(outcome), ProtocolJsonContext.Default.EndProgress);

    private void Tell<T>(MessageWriter editor, T value, JsonTypeInfo<ProgressParams<T>> type)
    {
        if (Chosen.Progress is { } token) editor.SendNotification(LspMethods.Progress, new ProgressParams<T>(token, value), type);
    }
}
