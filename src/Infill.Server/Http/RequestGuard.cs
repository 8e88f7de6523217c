using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Infill.Server.Http;

/// <summary>Who may ask at all: loopback is no trust, since any page in a browser can send to it.</summary>
internal sealed class RequestGuard(HttpOptions options)
{
    private readonly byte[][] _keys = [.. options.Keys.Select(Encoding.UTF8.GetBytes)];

    /// <exception cref="ApiException">The request is refused.</exception>
    public void Check(HttpContext context)
    {
        var request = context.Request;
        if (!IsOurs(request.Host, context.Connection.LocalIpAddress))
        {
            // A name that an attacker's DNS has pointed here would make the page's origin ours.
            throw ApiException.Forbidden($"This server is not called '{request.Host.Value}'. Use its address, localhost, or a name given by --allow-host.");
        }

        var headers = request.Headers;
        if (headers.Origin is { Count: > 0 } origin && origin != $"{request.Scheme}://{request.Host.Value}")
        {
            throw ApiException.Forbidden($"Pages of the origin '{origin}' may not use this server.");
        }

        if (headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin" && site != "none" && !IsVisit(request))
        {
            throw ApiException.Forbidden("Other sites' pages may not use this server.");
        }

        if (_keys.Length > 0 && !HasKey(request))
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Infill\", charset=\"UTF-8\""; // so that a browser asks for the key of the live page
            throw new ApiException(StatusCodes.Status401Unauthorized, "authentication_error", "A key is needed: send 'Authorization: Bearer KEY'.");
        }

        if (HttpMethods.IsPost(request.Method) && !IsJson(request.ContentType))
        {
            // What a form of another site can send without asking: never JSON.
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "The body must be JSON; send 'Content-Type: application/json'.");
        }
    }

    /// <summary>For whom the engine's time is shared out: the key that was used, else the address.</summary>
    public string ClientOf(HttpContext context)
    {
        var key = _keys.Length > 0 && KeyOf(context.Request) is { } sent ? Array.FindIndex(_keys, known => Equal(known, Encoding.UTF8.GetBytes(sent))) + 1 : 0;
        return key > 0 ? $"http key {key}" : $"http {context.Connection.RemoteIpAddress}";
    }

    private bool IsOurs(HostString host, IPAddress? local)
    {
        if (!host.HasValue) return false;
        var name = host.Host.Trim('[', ']');
        if (IPAddress.TryParse(name, out var address)) return IPAddress.IsLoopback(address) || address.Equals(local) || address.MapToIPv6().Equals(local?.MapToIPv6());
        return Is("localhost") || Is(Environment.MachineName) || options.AllowedHosts.Any(Is);

        bool Is(string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a user goes to the live page itself, by a link of whatever site, an editor's in the browser among them: what they see no other page can read.</summary>
    private static bool IsVisit(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Path == "/" && request.Headers["Sec-Fetch-Mode"] == "navigate" && request.Headers["Sec-Fetch-Dest"] == "document";

    private bool HasKey(HttpRequest request)
    {
        if (KeyOf(request) is not { } sent) return false;
        var bytes = Encoding.UTF8.GetBytes(sent);
        var isKnown = false;
        foreach (var key in _keys) isKnown |= Equal(key, bytes); // all of them: the time says nothing but a length
        return isKnown;
    }

    private static string? KeyOf(HttpRequest request)
    {
        if (request.Headers["X-Api-Key"] is [{ Length: > 0 } plain]) return plain;
        if (request.Headers.Authorization is not [{ } authorization]) return null;
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return authorization[7..].Trim();
        if (!authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) return null;
        Span<byte> decoded = stackalloc byte[512];
        if (!Convert.TryFromBase64String(authorization[6..].Trim(), decoded, out var length)) return null;
        var pair = Encoding.UTF8.GetString(decoded[..length]);
        return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..]; // a browser's: any name, the key as the password
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    private static bool Equal(byte[] a, byte[] b) => CryptographicOperations.FixedTimeEquals(a, b);
}
