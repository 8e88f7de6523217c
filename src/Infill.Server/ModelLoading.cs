using Infill.Completion;
using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Models;
using Infill.Models.Gguf;
using Infill.Models.Gpu;
using Infill.Protocol.Lsp;
using Infill.Server.Gpu;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server;

/// <summary>Loads the model in the background and tells the editor how far it is, where the editor can show it.</summary>
/// <param name="session">The editor's.</param>
/// <param name="client">It.</param>
/// <param name="progress">Of the model that loads.</param>
/// <param name="time">Clock of how often it is told.</param>
/// <param name="logger">Receives what came of it.</param>
internal sealed class ModelLoading(Session session, ClientLink client, LoadProgress progress, TimeProvider time, ILogger logger)
{
    private const string TokenName = "infill.model";
    private static readonly ProgressToken Token = new(TokenName);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100); // a small model is there sooner

    /// <summary>Of the progress that is shown of the loading at a start.</summary>
    public const string TokenAsJson = $"\"{TokenName}\"";

    private readonly Lock _gate = new();
    private long _toldAt;  // guarded by _gate
    private bool _isOver;  // guarded by _gate: nothing is told behind the end

    /// <summary>Loads the weights, on the engine's thread.</summary>
    /// <param name="settings">Name it.</param>
    /// <param name="logger">Receives where it went.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="replica">Which copy of it, from 0.</param>
    /// <exception cref="EngineException">It can't be loaded, or there is no GPU for that copy.</exception>
    public static IModel Load(InfillSettings settings, ILogger logger, LoadProgress? progress = null, int replica = 0)
    {
        var gpu = GpuSelection.OfUserFor(settings.Gpu);
        var (model, used) = Load(gpu, settings, replica == 0 ? progress : null, logger, replica);
        return used is null ? model : new MarkedModel(model, () => gpu!.Mark(used));
    }

    /// <summary>The same, for who measures the model itself.</summary>
    public static LlamaModel LoadBare(InfillSettings settings, ILogger logger) => Load(GpuSelection.OfUserFor(settings.Gpu), settings, progress: null, logger, replica: 0).Model;

    private static (LlamaModel Model, InstalledGpuLibrary? Used) Load(GpuSelection? gpu, InfillSettings settings, LoadProgress? progress, ILogger logger, int replica)
    {
        var (library, used) = gpu?.Load(settings.Gpu, logger) ?? (LlamaLibrary.Load(logger), null);
        CheckFile(settings.ModelPath);
        var devices = settings.Gpu == GpuChoice.Off ? [] : library.Devices;
        if (replica > 0 && replica >= devices.Count) throw new EngineException(MissingDevice(settings.Engine.Replicas, devices.Count));
        if (devices.Count == 0) return (LlamaModel.Load(settings.ModelPath, progress), null);

        using var mark = used is null ? null : gpu!.Mark(used);
        var offload = settings.Engine.Replicas > 1
            ? new GpuOffload([devices[replica]], IsSplit: false, settings.GpuLayers)
            : new GpuOffload(devices, settings.GpuSplit, settings.GpuLayers);
        var model = LlamaModel.Load(settings.ModelPath, progress, offload);
        logger.LogInformation("The model is {Placement} ({Device}).", model.Placement, string.Join(", ", offload.Devices.Select(static device => $"{device.Name}: {device.Description}")));
        return (model, used);
    }

    private static string MissingDevice(int wanted, int there) => there switch
    {
        0 => $"gpuReplicas is {wanted}, but no GPU is used, and the processor has one copy; 'infill doctor' says why.",
        1 => $"gpuReplicas is {wanted}, but there is one GPU.",
        _ => $"gpuReplicas is {wanted}, but there are {there} GPUs.",
    };

    /// <summary>Reads the file's header before native code sees the file: its own sentence for each thing that can be wrong.</summary>
    /// <exception cref="EngineException">It is no whole model.</exception>
    public static GgufHeader CheckFile(string path)
    {
        try
        {
            return GgufHeader.Read(path);
        }
        catch (ModelException e)
        {
            throw new EngineException(e.Message, e);
        }
    }

    /// <summary>Whatever keeps a model from loading becomes what the engine's callers expect.</summary>
    /// <exception cref="EngineException">It could not be loaded.</exception>
    public static IModel Guarded(Func<IModel> load)
    {
        try
        {
            return load();
        }
        catch (Exception e) when (e is not EngineException)
        {
            throw new EngineException($"The model could not be loaded. {e.Message}", e);
        }
    }

    /// <summary>Follows the loading to its end; a failure is shown once, and suggestions then stay empty.</summary>
    /// <param name="engine">Loads the model.</param>
    /// <param name="completions">Prompts it.</param>
    /// <param name="isInUse">False once another model was chosen: then it is nobody's affair what becomes of this one.</param>
    public async Task FollowAsync(CompletionEngine engine, ISuggestionService completions, Func<bool> isInUse)
    {
        var shown = ShowProgressAsync(); // beside: a client that never answers is told of a failure all the same
        string outcome;
        try
        {
            var vocabulary = await engine.Ready;
            await completions.ReadyAsync(CancellationToken.None);
            outcome = $"model {vocabulary.ModelName} is ready";
            logger.LogInformation("The model {Name} is loaded from '{Path}'.", vocabulary.ModelName, session.Settings.ModelPath);
        }
        catch (Exception) when (!isInUse())
        {
            outcome = "another model was chosen";
        }
        catch (Exception e)
        {
            // Whatever keeps the model from being used, the user must hear of it, and the session goes on without suggestions.
            outcome = "the model can't be used";
            logger.LogError(e.InnerException, "No suggestions: {Reason}", e.Message);
            client.Show(MessageType.Error, $"Infill can't suggest anything: {e.Message}");
        }

        if (!await shown) return;
        progress.Leave(Tell);
        lock (_gate)
        {
            _isOver = true;
            client.Report(Token, new WorkDoneProgressEnd(outcome), ProtocolJsonContext.Default.EndProgress);
        }
    }

    private async Task<bool> ShowProgressAsync()
    {
        if (session.Client?.Capabilities.Window?.WorkDoneProgress != true || !await client.CreateProgressAsync(Token)) return false;
        lock (_gate)
        {
            progress.Watch(Tell);
            _toldAt = time.GetTimestamp();
            client.Report(Token, new WorkDoneProgressBegin("Infill", Message: "loading the model"), ProtocolJsonContext.Default.BeginProgress);
        }

        return true;
    }

    private void Tell(int percent)
    {
        lock (_gate)
        {
            if (_isOver || time.GetElapsedTime(_toldAt) < s_interval) return;
            _toldAt = time.GetTimestamp();
            client.Report(Token, new WorkDoneProgressReport(Message: "loading the model", Percentage: percent), ProtocolJsonContext.Default.ReportProgress);
        }
    }
}
