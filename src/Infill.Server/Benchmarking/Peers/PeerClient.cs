using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Infill.Server.Benchmarking.Peers;

/// <summary>Speaks to one llama-server. Any thread.</summary>
internal sealed class PeerClient(Peer peer) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        // A stream that is left closes its connection, as an editor's does: that is how the server learns of it.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
        UseProxy = false,
    })
    {
        BaseAddress = peer.Url,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Peer Peer => peer;

    public string Name => peer.Name;

    /// <summary>What the server said of itself; known once <see cref="ConnectAsync"/> has returned.</summary>
    public PeerProperties Properties { get; private set; } = new();

    /// <summary>Asks who is there.</summary>
    /// <exception cref="PeerException">Nobody, or one that can't be measured against.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var health = await _http.GetAsync("health", cancellationToken);
            health.EnsureSuccessStatusCode();
            Properties = await _http.GetFromJsonAsync("props", PeerJsonContext.Default.PeerProperties, cancellationToken) ?? Properties;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw Failed(e);
        }
    }

    /// <summary>The tokens of a text, as the server's model has them.</summary>
    /// <exception cref="PeerException">It could not be asked.</exception>
    public async Task<IReadOnlyList<int>> TokenizeAsync(string text, CancellationToken cancellationToken)
    {
        using var response = await PostAsync("tokenize", new PeerText(text), PeerJsonContext.Default.PeerText, cancellationToken);
        return (await ReadAsync(response, PeerJsonContext.Default.PeerTokens, cancellationToken)).Tokens;
    }

    /// <summary>Streams <c>/infill</c>. Leaving the enumeration, or cancelling, closes the connection.</summary>
    /// <exception cref="PeerException">The server refused, or broke off.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IAsyncEnumerable<PeerChunk> StreamAsync(PeerInfill request, CancellationToken cancellationToken = default) =>
        StreamAsync("infill", request, PeerJsonContext.Default.PeerInfill, cancellationToken);

    /// <summary>The same for <c>/completion</c>.</summary>
    public IAsyncEnumerable<PeerChunk> StreamAsync(PeerCompletion request, CancellationToken cancellationToken = default) =>
        StreamAsync("completion", request, PeerJsonContext.Default.PeerCompletion, cancellationToken);

    /// <summary>The whole answer of <c>/completion</c> at once.</summary>
    /// <exception cref="PeerException">The server refused, or broke off.</exception>
    public async Task<PeerChunk> CompleteAsync(PeerCompletion request, CancellationToken cancellationToken)
    {
        using var response = await PostAsync("completion", request with { Stream = false }, PeerJsonContext.Default.PeerCompletion, cancellationToken);
        return await ReadAsync(response, PeerJsonContext.Default.PeerChunk, cancellationToken);
    }

    /// <summary>The whole answer of <c>/infill</c> at once.</summary>
    /// <exception cref="PeerException">The server refused, or broke off.</exception>
    public async Task<PeerChunk> InfillAsync(PeerInfill request, CancellationToken cancellationToken)
    {
        using var response = await PostAsync("infill", request with { Stream = false }, PeerJsonContext.Default.PeerInfill, cancellationToken);
        return await ReadAsync(response, PeerJsonContext.Default.PeerChunk, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async IAsyncEnumerable<PeerChunk> StreamAsync<T>(
        string path, T request, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await PostAsync(path, request, type, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var events = SseParser.Create(stream, static (_, data) => JsonSerializer.Deserialize(data, PeerJsonContext.Default.PeerChunk)!);
        await using var chunks = events.EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(chunks))
        {
            yield return chunks.Current.Data;
        }
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<SseItem<PeerChunk>> chunks)
    {
        try
        {
            return await chunks.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException)
        {
            throw Failed(e);
        }
    }

    private async Task<HttpResponseMessage> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var response = await SendTwiceAsync(path, JsonSerializer.SerializeToUtf8Bytes(body, type), cancellationToken);
        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            throw new PeerException($"{Name} ({peer.Url}) answered /{path} with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    /// <summary>A llama-server closes a connection that is kept after so many requests, and says so nowhere: whoever sends on it finds out, and sends again.</summary>
    private async Task<HttpResponseMessage> SendTwiceAsync(string path, byte[] json, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return await SendAsync(path, json, cancellationToken);
            }
            catch (HttpRequestException e)
            {
                if (!isFirst) throw Failed(e);
            }
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, byte[] json, CancellationToken cancellationToken)
    {
        // Not JsonContent: it streams the body in chunks, and the server would have to wait for the last.
        using var content = new ByteArrayContent(json);
        content.Headers.ContentType = new("application/json");
        using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new JsonException("The answer is null.");
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException)
        {
            throw Failed(e);
        }
    }

    private PeerException Failed(Exception e) => new($"{Name} ({peer.Url}) can't be measured: {e.Message}", e);
}

/// <summary>What a peer could not do, in a sentence.</summary>
internal sealed class PeerException : Exception
{
    public PeerException(string message) : base(message) { }

    public PeerException(string message, Exception inner) : base(message, inner) { }

    public PeerException() { }
}
