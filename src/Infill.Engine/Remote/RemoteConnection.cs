using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Infill.Engine.Remote;

/// <summary>HTTP with one endpoint, and a sentence for each thing that can go wrong with it. Any thread.</summary>
internal sealed class RemoteConnection : IDisposable
{
    private const long LargestAnswer = 4 << 20; // bytes of what is no stream: a list of models, say

    private readonly HttpClient _http;
    private readonly RemoteKey? _key;

    /// <param name="endpoint">Its address.</param>
    /// <param name="key">Goes with every request.</param>
    /// <param name="connectLimit">How long to wait for a connection.</param>
    /// <param name="time">The clock of that.</param>
    /// <param name="dial">Opens a connection; null does it by TCP.</param>
    public RemoteConnection(Uri endpoint, RemoteKey? key, TimeSpan connectLimit, TimeProvider time, Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? dial = null)
    {
        dial ??= DialAsync;
        Address = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _key = key;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A stream that is left closes its connection: that is how the server learns of it.
            MaxResponseDrainSize = 0,
            ResponseDrainTimeout = TimeSpan.Zero,
            AllowAutoRedirect = false, // the user's text goes to the address that the user named, and nowhere else
            UseCookies = false,
            UseProxy = !endpoint.IsLoopback,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // names may come to mean other machines
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            ConnectCallback = async (context, cancellationToken) =>
            {
                using var limit = new CancellationTokenSource(connectLimit, time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
                try
                {
                    return await dial(context.DnsEndPoint, both.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException e) when (limit.IsCancellationRequested)
                {
                    throw new RemoteException($"{Address} can't be reached: nothing came back within {connectLimit.TotalSeconds:0.#} s. Is the address right, and the machine on?", e);
                }
            },
        })
        {
            BaseAddress = new Uri(Address + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>For people: without anything that might be secret.</summary>
    public string Address { get; }

    /// <summary>Posts JSON and waits for the answer's head alone.</summary>
    /// <exception cref="RemoteException">There is nobody, or they refuse.</exception>
    public async Task<HttpResponseMessage> PostAsync(string path, byte[] json, CancellationToken cancellationToken)
    {
        // Bytes with their length: a body in chunks would have the server wait for the last.
        using var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(json) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await SendAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Posts JSON and takes the JSON that comes back.</summary>
    /// <exception cref="RemoteException">There is nobody, they refuse, or it is not what it should be.</exception>
    public async Task<T> AskAsync<T>(string path, byte[]? json, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = json is null ? await SendAsync(message, cancellationToken).ConfigureAwait(false) : await PostAsync(path, json, cancellationToken).ConfigureAwait(false);
        try
        {
            await using var body = new BoundedStream(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), LargestAnswer);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken).ConfigureAwait(false) ?? throw new JsonException("It is null.");
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException or RemoteException)
        {
            throw Failure(e);
        }
    }

    /// <summary>Whether a page is there; what it says is not read.</summary>
    /// <exception cref="RemoteException">It is not.</exception>
    public async Task CheckAsync(string path, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await SendAsync(message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What went wrong with this endpoint, in a sentence. What a server itself said is left out: it may quote the user's text, or the key.</summary>
    public RemoteException Failure(Exception e) => e switch
    {
        RemoteException known when known.Message.StartsWith(Address, StringComparison.Ordinal) => known,
        RemoteException known => new RemoteException($"{Address} {known.Message}.", known) { IsOutage = known.IsOutage, MayRetry = known.MayRetry },
        JsonException => new RemoteException($"{Address} answered with something else than it should. Is it a completion server, of the kind that 'endpointDialect' says?", e),
        HttpRequestException { InnerException: RemoteException known } => Failure(known),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new RemoteException($"{Address} can't be reached: there is no machine of that name.", e),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new RemoteException($"{Address} can't be reached: its certificate is not trusted here, or it speaks no TLS.", e),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } when IsRefusal(e) => new RemoteException($"{Address} refuses connections: nothing listens there. Is the server started?", e),
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => new RemoteException($"{Address} can't be reached.", e),
        _ => new RemoteException($"{Address} broke off the connection.", e) { MayRetry = true },
    };

    public void Dispose() => _http.Dispose();

    private static bool IsRefusal(Exception e) => e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    private static async ValueTask<Stream> DialAsync(DnsEndPoint place, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(place, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        if (_key is not null) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key.Value);
        var path = message.RequestUri!.OriginalString; // relative still
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failure(e);
        }

        if (response.StatusCode == HttpStatusCode.OK) return response;
        using (response) throw Refusal(response.StatusCode, path);
    }

    private RemoteException Refusal(HttpStatusCode status, string path)
    {
        var outage = status is HttpStatusCode.TooManyRequests || (int)status >= 500 && status != HttpStatusCode.NotImplemented;
        var reason = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "wants a key, or another one: 'endpointKeyFile' or INFILL_ENDPOINT_KEY names it",
            HttpStatusCode.NotFound => $"has no /{path}, or not the model that was asked for: see 'endpointDialect' and 'endpointModel'",
            HttpStatusCode.NotImplemented => "can't fill in the middle with its model by itself: choose 'openai' for 'endpointDialect', or another model",
            HttpStatusCode.TooManyRequests => "has too much to do (429)",
            HttpStatusCode.ServiceUnavailable => "is not ready yet, or has too much to do (503)",
            >= HttpStatusCode.InternalServerError => $"failed ({(int)status}); its own log says why",
            >= HttpStatusCode.BadRequest => $"refuses the request ({(int)status}): prefixTokens, suffixTokens and maxTokens together may be more than its model takes",
            _ => $"answered with {(int)status}, which is no completion: is the address right?",
        };
        return new RemoteException($"{Address} {reason}.") { IsOutage = outage };
    }
}
