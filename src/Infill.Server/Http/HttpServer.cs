using System.Net;
using Infill.Server.Status;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Server.Http;

/// <summary>An engine over HTTP: OpenAI's completions, llama-server's endpoints, and the live page.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ILogger _logger;

    private HttpServer(WebApplication application, ILogger logger) => (_application, _logger) = (application, logger);

    /// <summary>Where it listens, as a URL.</summary>
    public string Address => _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Where a browser of this machine finds the live page.</summary>
    public string PageAddress
    {
        get
        {
            var address = new UriBuilder(Address);
            if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var any))
            {
                if (any.Equals(IPAddress.Any)) address.Host = "127.0.0.1"; // every address of this machine: which is none to ask for
                else if (any.Equals(IPAddress.IPv6Any)) address.Host = "[::1]";
            }

            return address.Uri.ToString();
        }
    }

    /// <summary>Serves until it is disposed.</summary>
    /// <exception cref="IOException">The address can't be listened on.</exception>
    public static Task<HttpServer> StartAsync(HttpOptions options, ServedModel model, StatusSource status, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var guard = new RequestGuard(options);
        return StartAsync(options, guard, door: null, application => Map(application, guard, model, status, time), loggers, cancellationToken);
    }

    /// <summary>The live page and nothing else, until it is disposed.</summary>
    /// <exception cref="IOException">The address can't be listened on.</exception>
    public static Task<HttpServer> StartPageAsync(HttpOptions options, PageDoor door, StatusSource status, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        StartAsync(options, new RequestGuard(options), door, application => MapPage(application, status, time), loggers, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1)); // streams are cut rather than waited for
        await _application.StopAsync(patience.Token);
        await _application.DisposeAsync();
    }

    private static async Task<HttpServer> StartAsync(HttpOptions options, RequestGuard guard, PageDoor? door, Action<WebApplication> map, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()); // no configuration files, no default loggers
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(door is null ? loggers : NullLoggerFactory.Instance); // ASP.NET logs whole addresses, and the page's have a key in them
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Listen);
        });
        var application = builder.Build();
        var server = new HttpServer(application, loggers.CreateLogger(nameof(HttpServer)));
        application.Use(next => context => server.AnswerAsync(context, guard, next));
        if (door is not null) application.Use(next => context => door.AdmitAsync(context, next));
        application.UseRouting();
        map(application);
        await application.StartAsync(cancellationToken);
        return server;
    }

    private static void Map(WebApplication application, RequestGuard guard, ServedModel model, StatusSource status, TimeProvider time)
    {
        var openAi = new OpenAiEndpoint(model, guard, time);
        var completions = new CompletionEndpoints(model, guard, time);
        var tokens = new TokenEndpoints(model);
        var states = new StatusEndpoints(model, status, time);
        application.MapPost("/v1/completions", openAi.CompleteAsync);
        application.MapPost("/infill", completions.InfillAsync);
        application.MapPost("/completion", completions.CompleteAsync);
        application.MapPost("/completions", completions.CompleteAsync);
        application.MapPost("/tokenize", tokens.TokenizeAsync);
        application.MapPost("/detokenize", tokens.DetokenizeAsync);
        application.MapGet("/health", states.HealthAsync);
        application.MapGet("/v1/health", states.HealthAsync);
        application.MapGet("/v1/models", states.ModelsAsync);
        application.MapGet("/models", states.ModelsAsync);
        application.MapGet("/props", states.PropertiesAsync);
        application.MapGet("/slots", states.SlotsAsync);
        application.MapGet("/metrics", states.MetricsAsync);
        MapPage(application, status, time);
    }

    private static void MapPage(WebApplication application, StatusSource status, TimeProvider time) => new LivePage(status, time, application.Lifetime.ApplicationStopping).Map(application);

    /// <summary>Guards a request, and turns what went wrong with it into an answer.</summary>
    private async Task AnswerAsync(HttpContext context, RequestGuard guard, RequestDelegate next)
    {
        try
        {
            guard.Check(context);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405 } response) await RefuseAsync(context, response.StatusCode, "not_found_error", $"There is no {context.Request.Method} {context.Request.Path} here.");
        }
        catch (ApiException e)
        {
            await RefuseAsync(context, e.Status, e.Type, e.Message);
        }
        catch (BadHttpRequestException e) // the body: too large, too slow, cut off
        {
            await RefuseAsync(context, e.StatusCode, "invalid_request_error", e.Message);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested)
        {
            _logger.LogDebug("A client left: {Reason}", e.Message);
        }
        catch (Exception e)
        {
            _logger.LogError(e, "{Method} {Path} failed.", context.Request.Method, context.Request.Path);
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, "server_error", "The request failed; the server's log says why.");
        }
    }

    private static async Task RefuseAsync(HttpContext context, int status, string type, string message)
    {
        if (context.Response.HasStarted)
        {
            await Exchange.WriteEventAsync(context, Exchange.Error(status, type, message).ToJsonString()); // a stream: llama-server says it so
            return;
        }

        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "1";
        await Exchange.WriteAsync(context, Exchange.Error(status, type, message), status);
    }
}
