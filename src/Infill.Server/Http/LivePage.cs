using System.Text.Json;
using Infill.Server.Status;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Infill.Server.Http;

/// <summary>The page at <c>/</c>, one file that needs no other, and its figures at <c>/live</c>.</summary>
/// <param name="status">Of the engine. No prompt and no text is in it.</param>
/// <param name="time">Clock of how often it is told.</param>
/// <param name="ending">Set when the server ends: streams are not waited for then.</param>
internal sealed class LivePage(StatusSource status, TimeProvider time, CancellationToken ending)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public void Map(IEndpointRouteBuilder application)
    {
        application.MapGet("/", SendAsync);
        application.MapGet("/live", StreamAsync);
    }

    private static async Task SendAsync(HttpContext context)
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

    /// <summary>A report at once and then twice a second, until the reader leaves.</summary>
    private async Task StreamAsync(HttpContext context)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending);
        Exchange.BeginEvents(context);
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await Exchange.WriteEventAsync(context, JsonSerializer.Serialize(status.Report(), StatusJsonContext.Default.StatusReport));
            }
            while (await timer.WaitForNextTickAsync(over.Token));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The stream ends as any does.
        }
    }
}
