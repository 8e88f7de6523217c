using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Http;
using Infill.Server.Settings;
using Infill.Server.Status;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Http;

/// <summary>A whole server on a free port of loopback over a scripted model, and a plain client of it.</summary>
internal sealed class HttpBench : IAsyncDisposable
{
    private readonly HttpServer _server;
    private readonly StatusSource _status;

    private HttpBench(ScriptedModel model, CompletionEngine engine, StatusSource status, HttpServer server)
    {
        (Model, Engine, _status, _server) = (model, engine, status, server);
        Client = new HttpClient { BaseAddress = new Uri(server.Address), Timeout = TestEditor.Limit };
    }

    public ScriptedModel Model { get; }

    public CompletionEngine Engine { get; }

    public HttpClient Client { get; }

    public Uri PageAddress => new(_server.PageAddress);

    public static async Task<HttpBench> StartAsync(ScriptedModel? model = null, Func<HttpOptions, HttpOptions>? change = null, EngineOptions? engineOptions = null, bool heals = false, ProofMemory? proofs = null)
    {
        model ??= new ScriptedModel();
        var engine = new CompletionEngine(() => new ScriptedWeights(model), engineOptions ?? new EngineOptions(), TimeProvider.System, NullLogger.Instance);
        await engine.Ready.WaitAsync(TestEditor.Limit);
        var settings = new InfillSettings { Prompt = PromptOptions.Default with { Healing = heals } }; // without it prompts end at the cursor
        var options = new HttpOptions(new IPEndPoint(IPAddress.Loopback, 0));
        var status = new StatusSource(() => engine, static () => "scripted", TimeProvider.System);
        var server = await HttpServer.StartAsync(
            change?.Invoke(options) ?? options, new ServedModel(engine, settings, proofs), status, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        return new HttpBench(model, engine, status, server);
    }

    /// <summary>Posts JSON.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken cancellationToken = default)
    {
        using var request = Post(path, json);
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Posts JSON and takes the JSON that comes back.</summary>
    public async Task<JsonElement> AskAsync(string path, string json)
    {
        using var response = await PostAsync(path, json);
        return JsonElement.Parse(await response.Content.ReadAsStringAsync());
    }

    /// <summary>Posts JSON and takes the data of the events that come back.</summary>
    public async Task<List<string>> StreamAsync(string path, string json)
    {
        using var response = await PostAsync(path, json);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return [.. (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(static each => each["data: ".Length..])];
    }

    public static HttpRequestMessage Post(string path, string json) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
    };

    /// <summary>Asserts that the engine has nothing to do, and holds nothing for anybody.</summary>
    public async Task AssertQuietAsync()
    {
        // A server hears of a closed connection when its socket says so: look until it has.
        await Wait.UntilAsync(async () => Engine.Snapshot().Count == 0 && await Engine.InspectAsync(static loop => !loop.Scheduler.HasWork && loop.Cache.Slots.All(static slot => slot.Owner is null)));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        _status.Dispose();
        await Engine.DisposeAsync().AsTask().WaitAsync(TestEditor.Limit);
    }
}
