using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Remote;

/// <summary>One or several servers as one backend: text in, text out, by the contract of <c>GenerateAsync</c>. Any thread.</summary>
/// <remarks>
/// A document keeps its endpoint, where its prompt is cached, as long as that works; a new one goes to the endpoint that does
/// least. Where an endpoint gives nothing, the next is asked; once text was streamed, it ends there. When the document's own
/// works again it goes back there, or the load would stay on the others for good; but only when its prompt is computed there, so
/// that nobody waits for that.
/// </remarks>
public sealed class RemotePool : IDisposable
{
    private const int MostDocuments = 1024;

    private readonly RemoteOptions _options;
    private readonly TimeProvider _time;
    private readonly RemoteBackend[] _backends;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Place> _documents = new(StringComparer.Ordinal); // guarded by _gate
    private readonly HashSet<string> _returning = new(StringComparer.Ordinal);           // guarded by _gate; documents
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Opens no connection before the first request.</summary>
    /// <param name="options">Which servers, and how long to wait for them.</param>
    /// <param name="time">Clock of all limits.</param>
    /// <param name="logger">Told when an endpoint goes down and comes back. Never sees a key or a prompt.</param>
    public RemotePool(RemoteOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time) = (options, time);
        _backends = [.. options.Endpoints.Select(endpoint => new RemoteBackend(endpoint, options, time, change => logger.LogWarning("{Change}", change)))];
    }

    /// <summary>Completes when one endpoint works.</summary>
    /// <exception cref="EngineException">None does; in a sentence that says what is wrong with the first.</exception>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        var asked = _backends.Select(backend => backend.SettleAsync(cancellationToken)).ToList();
        RemoteException? problem = null;
        foreach (var settling in asked)
        {
            try
            {
                await settling.ConfigureAwait(false);
                return;
            }
            catch (RemoteException e)
            {
                problem ??= e;
            }
        }

        throw new EngineException(problem!.Message, problem);
    }

    /// <summary>Asks each endpoint what it is: for people.</summary>
    public async Task<IReadOnlyList<EndpointReport>> ExamineAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_backends.Select(backend => ExamineAsync(backend, cancellationToken))).ConfigureAwait(false);

    /// <summary>Streams the text as the server generates it. Nothing is asked before enumeration starts.</summary>
    /// <remarks>
    /// The last chunk says why it ended; a cancelled token ends it as <see cref="FinishReason.Cancelled"/> rather than by an
    /// exception, and whatever a server does wrong as <see cref="FinishReason.Faulted"/>, with what was streamed before. A stop
    /// closes the stream, and so does breaking out of the enumeration.
    /// </remarks>
    public async IAsyncEnumerable<GenerationChunk> GenerateAsync(RemoteRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = new RemoteStop(request, _options.TotalLimit, _time, cancellationToken);
        var (backend, text, ended) = await BeginAsync(request, stop).ConfigureAwait(false);
        if (text is null)
        {
            yield return ended;
            yield break;
        }

        try
        {
            GenerationChunk chunk;
            do
            {
                chunk = await text.NextAsync().ConfigureAwait(false);
                if (chunk.Finish == FinishReason.Faulted) backend!.MarkDown(chunk.Fault!);
                yield return chunk;
            }
            while (chunk.Finish == FinishReason.None);
        }
        finally
        {
            await text.DisposeAsync().ConfigureAwait(false);
            backend!.Leave();
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
        foreach (var backend in _backends) backend.Dispose();
    }

    private async Task<(RemoteBackend? Backend, RemoteText? Text, GenerationChunk Ended)> BeginAsync(RemoteRequest request, RemoteStop stop)
    {
        string? fault = null;
        var place = PlaceOf(request.Document);
        foreach (var backend in InOrder(request.Document, place))
        {
            if (stop.Reason != FinishReason.None) break;
            try
            {
                var text = await backend.BeginAsync(request, stop).ConfigureAwait(false);
                Remember(request.Document, place, backend);
                if (BeginsReturn(request.Document) is { } own) _ = ReturnAsync(request, own);
                return (backend, text, default);
            }
            catch (RemoteException e)
            {
                fault ??= e.Message;
            }
            catch (OperationCanceledException) when (stop.Reason != FinishReason.None)
            {
                break;
            }
        }

        var ended = stop.Reason != FinishReason.None
            ? new GenerationChunk("", stop.Reason) { Reported = new ReportedUsage() }
            : new GenerationChunk("", FinishReason.Faulted) { Fault = fault, Reported = new ReportedUsage() };
        return (null, null, ended);
    }

    private Place PlaceOf(string document)
    {
        lock (_gate) return _documents.GetValueOrDefault(document);
    }

    /// <summary>The one that has the document's prompt first, then those that do least; what is known to be down comes last.</summary>
    private List<RemoteBackend> InOrder(string document, Place place)
    {
        lock (_gate)
        {
            return [.. _backends
                .OrderBy(static backend => backend.Trouble is null ? 0 : 1)
                .ThenBy(backend => backend == place.Last ? 0 : 1)
                .ThenBy(static backend => backend.Running)
                .ThenBy(backend => _documents.Values.Count(each => each.Own == backend))
                .ThenBy(backend => (Array.IndexOf(_backends, backend) + Spread(document)) % _backends.Length)];
        }
    }

    /// <summary>Many editors begin alike: where there is nothing to choose by, their documents' names spread them (FNV-1a).</summary>
    private static int Spread(string document)
    {
        if (document.Length == 0) return 0;
        var hash = 2166136261u;
        foreach (var c in document) hash = (hash ^ c) * 16777619u;
        return (int)(hash >> 16);
    }

    private void Remember(string document, Place before, RemoteBackend backend)
    {
        if (document.Length == 0) return;
        lock (_gate)
        {
            if (_documents.GetValueOrDefault(document) != before) return; // it went back meanwhile, or another request has told
            if (_documents.Count >= MostDocuments && !_documents.ContainsKey(document)) _documents.Clear(); // costs each of them one prompt
            _documents[document] = new Place(before.Own ?? backend, backend);
        }
    }

    /// <returns>The document's own endpoint, where that works again and another stands in for it; null where nothing is to be done.</returns>
    private RemoteBackend? BeginsReturn(string document)
    {
        lock (_gate)
        {
            var (own, last) = _documents.GetValueOrDefault(document);
            return own is { Trouble: null } && own != last && _returning.Add(document) ? own : null;
        }
    }

    /// <summary>Has a document's own endpoint compute its prompt, while the other goes on to make its suggestions.</summary>
    private async Task ReturnAsync(RemoteRequest request, RemoteBackend own)
    {
        var takesIt = false;
        try
        {
            var prompt = request with { MaxTokens = 1, StopStrings = [], StopRule = null, Deadline = null, Superseded = default };
            using var stop = new RemoteStop(prompt, _options.TotalLimit, _time, _ended.Token);
            await (await own.BeginAsync(prompt, stop).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            own.Leave();
            takesIt = true;
        }
        catch (Exception e) when (e is RemoteException or OperationCanceledException or ObjectDisposedException)
        {
            // It stays where it is.
        }

        lock (_gate)
        {
            _returning.Remove(request.Document);
            if (_documents.TryGetValue(request.Document, out var place)) _documents[request.Document] = takesIt ? new Place(own, own) : new Place(place.Last, place.Last);
        }
    }

    private static async Task<EndpointReport> ExamineAsync(RemoteBackend backend, CancellationToken cancellationToken)
    {
        try
        {
            return new EndpointReport(backend.Address, (await backend.SettleAsync(cancellationToken).ConfigureAwait(false)).Description, null);
        }
        catch (RemoteException e)
        {
            return new EndpointReport(backend.Address, "", e.Message);
        }
    }

    /// <param name="Own">The endpoint that the document was given first.</param>
    /// <param name="Last">The one that has answered last.</param>
    private readonly record struct Place(RemoteBackend Own, RemoteBackend Last);
}

/// <summary>What an endpoint is.</summary>
/// <param name="Address">Without anything that might be secret.</param>
/// <param name="Description">What it speaks, which model it has and how that is prompted; empty where it can't be used.</param>
/// <param name="Problem">Why it can't be; null where it can.</param>
public sealed record EndpointReport(string Address, string Description, string? Problem);
