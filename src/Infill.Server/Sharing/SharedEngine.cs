using Infill.Engine;
using Infill.Server.Gpu;
using Infill.Server.Http;
using Infill.Server.Settings;
using Infill.Server.Statistics;
using Infill.Server.Status;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Sharing;

/// <summary>One engine for many: what an engine's process is made of, whether it serves editors, HTTP or both.</summary>
internal sealed class SharedEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly EnginePage _page;

    /// <param name="settings">Of whoever starts it.</param>
    /// <param name="logLevel">Least level that goes to standard error.</param>
    /// <param name="loggers">Makes its loggers.</param>
    /// <param name="renew">Ends the process, where others are started for it; null where it is not to end.</param>
    public SharedEngine(InfillSettings settings, LogLevel logLevel, ILoggerFactory loggers, Action? renew = null)
    {
        var time = TimeProvider.System;
        var progress = new LoadProgress();
        var logger = loggers.CreateLogger("Engine");
        var options = settings.Engine with { TimesFolder = Path.Combine(SettingsSources.CacheFolder, "times") };
        Engine = new CompletionEngine(replica => ModelLoading.Guarded(() => ModelLoading.Load(settings, logger, progress, replica)), options, time, logger);
        Status = new StatusSource(() => Engine, () => Path.GetFileNameWithoutExtension(settings.ModelPath), time) { Loading = progress };
        _page = new EnginePage(() => Status, time, loggers);
        NewPageLink = _page.NewLinkAsync;
        Listener = new Listener(Engine, Status, SettingsSources.Proofs, logLevel, time, loggers.CreateLogger(nameof(Listener))) 
        {
            EditorsChanged = count => EditorsChanged(count),
            Statistics = StatisticsFile.OfUser,
            Progress = progress,
            NewPageLink = () => NewPageLink(),
            Renew = renew,
        };
        Status.Connected = () => Listener.Editors;
        _ = ProbeAsync(settings.Gpu, renew, loggers.CreateLogger(nameof(BackgroundProbe)));
    }

    public CompletionEngine Engine { get; }

    public StatusSource Status { get; }

    public Listener Listener { get; }

    /// <summary>Called with the number of editors whenever it has changed; any thread.</summary>
    public Action<int> EditorsChanged { get; set; } = static _ => { };

    /// <summary>Gives the address of the live page: of a listener for it alone, unless this process has one already.</summary>
    public Func<Task<string>> NewPageLink { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _ended.Dispose();
        await _page.DisposeAsync();
        Status.Dispose();
        await Engine.DisposeAsync();
    }

    /// <summary>An engine that many use is not exchanged under them: where a GPU computes, the next process has it.</summary>
    private async Task ProbeAsync(string setting, Action? renew, ILogger logger)
    {
        var ended = _ended.Token;
        try
        {
            await Engine.Ready.WaitAsync(ended);
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException)
        {
            return; // whoever asks for a suggestion is told
        }

        if (GpuSelection.OfUserFor(setting) is not { } gpu) return;
        await new BackgroundProbe(gpu, () => setting, logger).RunAsync(show: null, use: renew is null ? null : RenewAsync, ended);

        Task RenewAsync()
        {
            renew();
            return Task.CompletedTask;
        }
    }
}
