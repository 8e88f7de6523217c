using System.Text.Json.Serialization;
using Infill.Engine;
using Infill.Models;
using Infill.Models.Gguf;
using Infill.Models.Pulling;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Commands;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Microsoft.Extensions.Logging;

namespace Infill.Server.ModelChoice;

/// <summary>What came of pulling a model.</summary>
/// <param name="Name">For using it.</param>
/// <param name="Path">Its file.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="WasThere">Whether nothing had to be fetched.</param>
internal sealed record PulledModel(string Name, string Path, long Bytes, bool WasThere);

/// <summary>What came of choosing a model.</summary>
/// <param name="Name">As it was asked for.</param>
/// <param name="Path">Its file.</param>
/// <param name="IsInUse">Whether it suggests from now on; else from the server's next start.</param>
/// <param name="Message">The same for the user, and what stands in the way.</param>
internal sealed record ChosenModel(string Name, string Path, bool IsInUse, string Message)
{
    /// <summary>For the editor's process, never for the editor: the model is for another engine's process, and the choice is not kept yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsElsewhere { get; init; }

    /// <summary>Likewise: where the editor is shown how far the loading is; null where it isn't.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ProgressToken? Progress { get; init; }

    /// <summary>Likewise: the engine's process that is left ends then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsLast { get; init; }

    /// <summary>What the setting <c>model</c> is to be; null for none.</summary>
    public static string? SettingOf(string name, string path) => name == ModelCommand.Embedded ? null : path;
}

/// <summary>Lists, pulls and chooses models for an editor. Any thread.</summary>
/// <param name="session">The editor's.</param>
/// <param name="model">Replaced by what is chosen, where it is the editor's own.</param>
/// <param name="seat">At a shared engine, which is left to the others; null where there is none.</param>
/// <param name="places">What of the user's machine it reads and changes.</param>
/// <param name="stopAll">Ends all that the model before was asked for.</param>
/// <param name="logger">Receives what was chosen.</param>
internal sealed class ModelChooser(Session session, ModelInUse model, SharedSeat? seat, ModelPlaces places, Action stopAll, ILogger logger)
{
    private int _isChoosing; // 1 while a choice is being made; any thread

    /// <summary>Whether suggestions come from a model of this machine.</summary>
    private bool IsLocal => session.Settings.Endpoints.Count == 0;

    public IReadOnlyList<ListedModel> List() => ModelList.Of(places.Store, session.Settings.ModelPath, SpeedMeasurement.Remembered());

    /// <exception cref="RpcException">It could not be had: why, and what to do; or it was stopped.</exception>
    public async Task<PulledModel> PullAsync(string wanted, Work work)
    {
        try
        {
            var (pull, source) = places.Pull(wanted, name: null, sha256: null, session.Settings.Hub);
            var (pulled, wasThere) = await pull.RunAsync(source, new Shown(work), work.Cancelled);
            work.End($"{pulled.Name} is here");
            return new PulledModel(pulled.Name, pulled.Path, pulled.Bytes, wasThere);
        }
        catch (ModelException e)
        {
            work.End("it failed");
            throw new RpcException(RpcErrorCodes.RequestFailed, e.Message);
        }
        catch (OperationCanceledException)
        {
            work.End("stopped");
            throw new RpcException(RpcErrorCodes.RequestCancelled, $"Pulling '{wanted}' was stopped. What was fetched is kept; pulling it again goes on from there.");
        }
    }

    /// <summary>Has a model used from now on, here and by whatever starts later. One that can't be loaded leaves all as it was.</summary>
    /// <exception cref="RpcException">It can't be used: why, and what to do.</exception>
    public async Task<ChosenModel> UseAsync(string name, Work work)
    {
        if (Interlocked.Exchange(ref _isChoosing, 1) != 0) throw new RpcException(RpcErrorCodes.RequestFailed, "Another model is being loaded; choose again when it is there.");
        try
        {
            var path = name == ModelCommand.Embedded ? DefaultModel.Path : ModelCommand.Find(places.Store, name).Path;
            GgufHeader.Read(path);
            if (IsLocal && seat is not null) return await SendAwayAsync(name, path, work);
            if (IsLocal)
            {
                work.Report($"loading {name}", percentage: null);
                await LoadAsync(path);
            }

            SettingsFile.SetModel(places.SettingsFile, ChosenModel.SettingOf(name, path));
            var outcome = Outcome(name);
            logger.LogInformation("{Outcome}", outcome);
            work.End(outcome);
            return new ChosenModel(name, path, IsLocal, outcome);
        }
        catch (Exception e) when (e is ModelException or EngineException)
        {
            work.End("it failed");
            throw new RpcException(RpcErrorCodes.RequestFailed, e.Message);
        }
        finally
        {
            Volatile.Write(ref _isChoosing, 0);
        }
    }

    /// <summary>Another model is another process' affair: the editor's process goes there, and keeps the choice once the model is loaded.</summary>
    private async Task<ChosenModel> SendAwayAsync(string name, string path, Work work)
    {
        var progress = await work.HandOverAsync();
        seat!.IsLeaving = true;
        return new ChosenModel(name, path, IsInUse: false, Outcome(name)) { IsElsewhere = true, Progress = progress, IsLast = seat.Renew is not null && seat.IsAlone() };
    }

    private async Task LoadAsync(string path)
    {
        var before = session.Settings.ModelPath;
        try
        {
            await ReplaceAsync(path);
        }
        catch (EngineException e)
        {
            await ReplaceAsync(before);
            throw new EngineException($"{e.Message} The model before it is used again.", e);
        }
    }

    private async Task ReplaceAsync(string path)
    {
        session.Choose(path);
        var completions = model.Replace();
        stopAll(); // after: what is asked for from here on waits for the new one
        await completions.ReadyAsync(CancellationToken.None);
    }

    private string Outcome(string name)
    {
        if (session.Settings.Endpoints.Count > 0) return $"{name} is the local model from the next start; suggestions come from {string.Join(", ", session.Settings.Endpoints)}, which the setting 'endpoints' names: take that out to have them from {name}.";
        var when = $"{name} is used from now on.";
        return session.StrongerModel is { } given ? $"{when} From the next start it would be '{given}' again, which INFILL_MODEL or --model names: take that away." : when;
    }

    /// <summary>Reports where they are made, in order.</summary>
    private sealed class Shown(Work work) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => work.Report(
            value.Total is { } total ? $"{ModelCommand.Size(value.Done)} of {ModelCommand.Size(total)}" : ModelCommand.Size(value.Done),
            value.Total is > 0 and var all ? (int)Math.Min(100, value.Done * 100 / all) : null);
    }
}
