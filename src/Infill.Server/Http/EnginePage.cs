using System.Net;
using Infill.Server.Status;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Http;

/// <summary>The live page of an engine whose process speaks no HTTP otherwise: a listener on loopback, begun when the page is asked for first. Any thread; guarded by its lock.</summary>
/// <param name="status">Makes what the page shows; called when it is begun.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">Makes its loggers.</param>
internal sealed class EnginePage(Func<StatusSource> status, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    private const int MostConnections = 64; // each page that is looked at holds one

    private readonly Lock _gate = new();
    private Task<Begun>? _begun; // guarded by _gate; nothing of HTTP is loaded before

    /// <summary>A link to the page, which a browser can follow once; the page that it opens stays as long as this process does.</summary>
    /// <exception cref="IOException">No port can be listened on.</exception>
    public async Task<string> NewLinkAsync()
    {
        Task<Begun> begun;
        lock (_gate)
        {
            if (_begun is null or { IsFaulted: true }) _begun = BeginAsync();
            begun = _begun;
        }

        var (server, door) = await begun;
        return server.Address + door.NewLink();
    }

    public async ValueTask DisposeAsync()
    {
        Task<Begun>? begun;
        lock (_gate) begun = _begun;
        if (begun is null) return;
        await ((Task)begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (begun.IsCompletedSuccessfully) await (await begun).Server.DisposeAsync();
    }

    private async Task<Begun> BeginAsync()
    {
        await Task.Yield(); // the lock is not held meanwhile
        var door = new PageDoor();
        var options = new HttpOptions(new IPEndPoint(IPAddress.Loopback, 0)) { MaxConnections = MostConnections };
        return new Begun(await HttpServer.StartPageAsync(options, door, status(), time, loggers, CancellationToken.None), door);
    }

    private sealed record Begun(HttpServer Server, PageDoor Door);
}
