using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;
using Infill.Engine;

namespace Infill.Server.Sharing;

/// <summary>A way to a shared engine.</summary>
internal interface IEngineDoor
{
    /// <summary>Connects and shakes hands; starts the engine's process where there is none.</summary>
    /// <exception cref="EngineException">There is no way, in a sentence for the user.</exception>
    Task<EngineLink> OpenAsync(Hello hello, CancellationToken cancellationToken);
}

/// <summary>A connection that was let in. Disposing it closes it.</summary>
internal sealed record EngineLink(PipeReader Input, PipeWriter Output, Stream Stream) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}

/// <summary>The engine process at a place of this machine.</summary>
/// <param name="place">Where it listens.</param>
/// <param name="model">What it is started with, where the command line named a model.</param>
internal sealed class EngineDoor(SharingPlace place, string? model) : IEngineDoor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20); // between two tries, while another process is about to listen or to end

    public async Task<EngineLink> OpenAsync(Hello hello, CancellationToken cancellationToken)
    {
        place.Prepare();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            while (true)
            {
                if (await TryConnectAsync(place, hello, patience.Token) is { } link) return link;
                await StartAsync(patience.Token);
                if (await TryConnectAsync(place, hello, patience.Token) is { } started) return started;
                await Task.Delay(Pause, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException($"the engine's process doesn't answer; its log is '{place.Log}'.", e);
        }
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

    /// <summary>Returns when the process listens, or another has it in hand.</summary>
    private async Task StartAsync(CancellationToken cancellationToken)
    {
        using var turn = TryTakeTurn();
        if (turn is null) return;
        var program = Environment.ProcessPath ?? "infill";
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            WorkingDirectory = "/", // no folder is kept from being removed
            RedirectStandardInput = true,
            RedirectStandardOutput = true, // never ours: that belongs to the editor
            RedirectStandardError = true,
        };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(Path.GetFullPath(Environment.GetCommandLineArgs()[0])); // not published
        start.ArgumentList.Add("daemon");
        if (model is not null)
        {
            start.ArgumentList.Add("--model");
            start.ArgumentList.Add(Path.GetFullPath(model));
        }

        try
        {
            using var process = Process.Start(start)!;
            await process.StandardOutput.ReadLineAsync(cancellationToken); // what it says once it listens; nothing, where it ends
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EngineException($"the engine's process can't be started: {e.Message}", e);
        }
    }

    private FileStream? TryTakeTurn()
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
