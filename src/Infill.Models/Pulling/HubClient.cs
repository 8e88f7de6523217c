using System.Net;
using System.Net.Http.Headers;

namespace Infill.Models.Pulling;

/// <summary>What a hub said of a file on the way to it.</summary>
/// <param name="Response">The file's bytes, or a refusal. The caller disposes it.</param>
/// <param name="Sha256">Of the whole file, where anybody on the way named it.</param>
/// <param name="Bytes">Of the whole file, where the hub named it.</param>
internal sealed record HubAnswer(HttpResponseMessage Response, string? Sha256, long? Bytes) : IDisposable
{
    public void Dispose() => Response.Dispose();
}

/// <summary>Asks for files, and follows redirects by itself: the token goes to the hub's own address and nowhere else.</summary>
/// <param name="hub">Who may see the token; null for nobody.</param>
/// <param name="token"><c>HF_TOKEN</c>; null for none.</param>
internal sealed class HubClient(Uri? hub, string? token) : IDisposable
{
    private const int MostRedirects = 8;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None, // offsets count the file's own bytes
        ConnectTimeout = TimeSpan.FromSeconds(30),
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // the caller watches for a standstill
    };

    /// <summary>Asks for the file from an offset on.</summary>
    /// <param name="url">Where to begin.</param>
    /// <param name="from">Bytes that are there already; 0 asks for all.</param>
    /// <param name="validator">What the answer must still be for these to be worth anything.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpRequestException">Nobody answered, or not in the protocol.</exception>
    /// <exception cref="ModelException">Redirected in a circle, or to where nobody should follow.</exception>
    public async Task<HubAnswer> GetAsync(Uri url, long from, EntityTagHeaderValue? validator, CancellationToken cancellationToken)
    {
        string? sha256 = null;
        long? bytes = null;
        for (var redirects = 0; redirects <= MostRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.UserAgent.ParseAdd("infill");
            request.Headers.AcceptEncoding.ParseAdd("identity");
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
            if (from > 0 && validator is { IsWeak: false }) request.Headers.IfRange = new RangeConditionHeaderValue(validator);
            if (token is not null && MaySeeToken(url)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);

            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            sha256 ??= Sha256Of(Header(response, "X-Linked-Etag")) ?? Sha256Of(response.Headers.ETag?.Tag);
            if (bytes is null && long.TryParse(Header(response, "X-Linked-Size"), out var linked)) bytes = linked;
            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return new HubAnswer(response, sha256, bytes);
            }

            response.Dispose();
            var next = new Uri(url, location);
            if (next.Scheme is not ("http" or "https") || (url.Scheme == "https" && next.Scheme == "http"))
            {
                throw new ModelException($"'{PullSources.Plain(url)}' redirects to an address that is not protected; it is not followed.");
            }

            url = next;
        }

        throw new ModelException($"'{PullSources.Plain(url)}' redirects in a circle.");
    }

    public void Dispose() => _http.Dispose();

    /// <remarks>In the clear only to this machine.</remarks>
    private bool MaySeeToken(Uri url) =>
        hub is not null && url.Scheme == hub.Scheme && url.Port == hub.Port && url.IdnHost.Equals(hub.IdnHost, StringComparison.OrdinalIgnoreCase)
        && (url.Scheme == "https" || url.IsLoopback);

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    /// <summary>A hub's entity tag for a large file is its SHA-256.</summary>
    private static string? Sha256Of(string? tag)
    {
        var text = tag?.Trim('"');
        return text is not null && PullSources.IsSha256(text) ? text : null;
    }
}
