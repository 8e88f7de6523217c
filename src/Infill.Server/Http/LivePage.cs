using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary>The page at <c>/</c>: one file that needs no other, and gets its figures from <c>/live</c>.</summary>
internal static class LivePage
{
    public static async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        await using var page = typeof(LivePage).Assembly.GetManifestResourceStream("page/live")!;
        await page.CopyToAsync(response.Body, context.RequestAborted);
    }
}
