using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;
using Infill.Engine;
using Infill.Server.Settings;
using Infill.Server.Status;

namespace Infill.Server.Sharing;

/// <summary>A way to a shared engine.</summary>
internal interface IEngineDoor
{
    /// <summary>Connects and shakes hands; starts the engine's process where there is none.</summary>
    /// <exception cref="EngineException">There is no way, in a sentence for the user.</exception>
    Task<EngineLink> OpenAsync(Hello hello, CancellationToken cancellationToken);

    /// <summary>Waits until the engine has loaded its model; starts its process where there is none.</summary>
    /// <param name="told">How far it is, in percent, whenever it is another figure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EngineException">It can't be loaded, in a sentence for the user.</exception>
    Task UntilReadyAsync(Action<int> told, CancellationToken cancellationToken);

    /// <summary>Waits until the process that it led to last is gone; not long, as others may have come to it.</summary>
    Task UntilEndedAsync(CancellationToken cancellationToken);

    /// <summary>The way to the same engine with another model.</summary>
    IEngineDoor ToModel(string path);
}

/// <summary>A connection that was let in. Disposing it closes it.</summary>
internal sealed record EngineLink(PipeReader Input, PipeWriter Output, Stream Stream) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}

/// <summary>The engine process of this machine for a user's settings.</summary>
/// <param name="layers">The settings as they are now: a process that is started reads them anew.</param>
/// <param name="model">The file that it is started with, whatever they say; null for theirs.</param>
internal sealed class EngineDoor(Func<IReadOnlyList<SettingsLayer?>> layers, string? model) : IEngineDoor
{
    private SharingPlace? _last; // written by one task at a time
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20); // between two tries, while another process is about to listen or to end
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    /// <summary>Where the process listens, or will. Problems of the settings are told by that process, to the editor.</summary>
    public SharingPlace Place => SharingPlace.Of(InfillSettings.From([.. layers(), new SettingsLayer { Model = model }], static _ => { }));

    public IEngineDoor ToModel(string path) => new EngineDoor(layers, path);

    public async Task<EngineLink> OpenAsync(Hello hello, CancellationToken cancellationToken)
    {
        var place = _last = Place;
        place.Prepare();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            while (true)
            {
                if (await TryConnectAsync(place, hello, patience.Token) is { } link) return link;
                await StartAsync(place, patience.Token);
                if (await TryConnectAsync(place, hello, patience.Token) is { } started) return started;
                await Task.Delay(Pause, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException($"the engine's process doesn't answer; its log is '{place.Log}'.", e);
        }
    }

    public async Task UntilReadyAsync(Action<int> told, CancellationToken cancellationToken)
    {
        var last = 0;
        await using var link = await OpenAsync(new Hello(Hello.CurrentVersion, Hello.Status), cancellationToken);
        while (true)
        {
            switch (await ReportAsync(link, cancellationToken))
            {
                case { State: "ready" }:
                    return;
                case { Loaded: { } percent } when percent != last:
                    told(last = percent);
                    break;
                case { State: "failed", Problem: var problem }:
                    throw new EngineException(problem ?? "The model can't be loaded.");
                case null:
                    throw new EngineException($"The engine's process ended while it loaded the model; its log is '{_last!.Log}'.");
            }
        }
    }

    public async Task UntilEndedAsync(CancellationToken cancellationToken)
    {
        if (_last is not { } place) return;
        for (var began = Stopwatch.GetTimestamp(); File.Exists(place.Socket) && Stopwatch.GetElapsedTime(began) < EndPatience;) await Task.Delay(Pause, cancellationToken);
    }

    /// <summary>Null where nobody listens.</summary>
    /// <exception cref="EngineException">Whoever listens is another user's, or turns us away.</exception>
    public static async Task<EngineLink?> TryConnectAsync(SharingPlace place, Hello hello, CancellationToken cancellationToken)
    {
        if (!File.Exists(place.Socket)) return null;
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(place.Socket), cancellationToken);
            if (!UnixNative.IsOurs(socket)) throw new EngineException($"another user's process listens at '{place.Socket}'.");
            var stream = new NetworkStream(socket, ownsSocket: true);
            var link = new EngineLink(PipeReader.Create(stream), PipeWriter.Create(stream), stream);
            await LineExchange.WriteAsync(link.Output, hello, SharingJsonContext.Default.Hello, cancellationToken);
            var welcome = await LineExchange.ReadAsync(link.Input, SharingJsonContext.Default.Welcome, cancellationToken);
            if (welcome is { Problem: null }) return link;
            await link.DisposeAsync();
            return welcome is null ? null : throw new EngineException($"the engine's process turned us away: {welcome.Problem}"); // null: it was about to end
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Null where the process has ended.</summary>
    private static async Task<StatusReport?> ReportAsync(EngineLink link, CancellationToken cancellationToken)
    {
        try
        {
            return await LineExchange.ReadAsync(link.Input, StatusJsonContext.Default.StatusReport, cancellationToken);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Returns when the process listens, or another has it in hand.</summary>
    /// <exception cref="EngineException">It can't be started, or says why it ended at once.</exception>
    private async Task StartAsync(SharingPlace place, CancellationToken cancellationToken)
    {
        using var turn = TryTakeTurn(place);
        if (turn is null) return;
        var start = OwnProgram.StartOf(model is null ? ["daemon"] : ["daemon", "--model", Path.GetFullPath(model)]);
        start.WorkingDirectory = "/"; // no folder is kept from being removed
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true; // never ours: that belongs to the editor
        start.RedirectStandardError = true;
        try
        {
            using var process = Process.Start(start)!;
            if (await process.StandardOutput.ReadLineAsync(cancellationToken) is not null) return; // what it says once it listens
            var reason = (await process.StandardError.ReadToEndAsync(cancellationToken)).Trim();
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != ExitCodes.Done) throw new EngineException($"the engine's process ended at once. {reason}"); // else another was faster
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EngineException($"the engine's process can't be started: {e.Message}", e);
        }
    }

    private static FileStream? TryTakeTurn(SharingPlace place)
    {
        try
        {
            return new FileStream(place.StartLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
