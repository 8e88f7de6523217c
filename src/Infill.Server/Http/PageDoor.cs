using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary>Lets in the browser that follows a link which an editor was given, and nobody else who is on this machine. Any thread; guarded by its lock.</summary>
/// <remarks>
/// A browser is started with the link among its arguments, which every user of the machine can read. So a link lets in once: it
/// leads on to the page's own address, whose key no other program is told. No cookie: those go to every port of a host.
/// </remarks>
internal sealed class PageDoor
{
    private const string Parameter = "key";
    private const int KeyBytes = 16;
    private const int MostLinks = 16; // that nobody has followed yet: then the oldest is forgotten

    private readonly Lock _gate = new();
    private readonly List<byte[]> _links = []; // keys that let in once; guarded by _gate
    private readonly byte[] _key = NewKey();   // in the page's address, as long as this process lives

    /// <summary>Makes a link, as it stands behind the listener's address.</summary>
    public string NewLink()
    {
        var once = NewKey();
        lock (_gate)
        {
            _links.Add(once);
            if (_links.Count > MostLinks) _links.RemoveAt(0);
        }

        return $"/{Query(once)}";
    }

    /// <exception cref="ApiException">The request has no key that lets it in.</exception>
    public Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var key = Encoding.UTF8.GetBytes(request.Query[Parameter].ToString());
        if (CryptographicOperations.FixedTimeEquals(_key, key)) return next(context);
        if (!HttpMethods.IsGet(request.Method) || request.Path != "/" || !TryUse(key))
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "authentication_error", "This page is opened from an editor, and a link to it lets in once: open it there again ('Infill: Open the Live Page' in VS Code, ':Infill page' in Neovim).");
        }

        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Redirect(Query(_key)); // relative: a proxy of the editor's may have its own path before ours
        return Task.CompletedTask;
    }

    private bool TryUse(byte[] key)
    {
        lock (_gate)
        {
            var found = -1;
            for (var i = 0; i < _links.Count; i++) // all of them: the time says nothing
            {
                if (CryptographicOperations.FixedTimeEquals(_links[i], key)) found = i;
            }

            if (found >= 0) _links.RemoveAt(found);
            return found >= 0;
        }
    }

    private static byte[] NewKey() => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes)));

    private static string Query(byte[] key) => $"?{Parameter}={Encoding.ASCII.GetString(key)}";
}
