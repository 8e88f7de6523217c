using System.Net;
using System.Text.Json;
using Infill.Engine;
using Infill.Server.Http;
using Infill.Server.Status;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Http;

/// <summary>The live page of an engine that speaks no HTTP otherwise: for the browser that follows an editor's link, and for nobody else.</summary>
public sealed class EnginePageTests : IAsyncDisposable
{
    private readonly ScriptedModel _model = new();
    private readonly CompletionEngine _engine;
    private readonly StatusSource _status;
    private readonly EnginePage _page;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = TestEditor.Limit };

    public EnginePageTests()
    {
        _engine = new CompletionEngine(() => new ScriptedWeights(_model), new EngineOptions(), TimeProvider.System, NullLogger.Instance);
        _status = new StatusSource(() => _engine, static () => "scripted", TimeProvider.System);
        _page = new EnginePage(() => _status, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _page.DisposeAsync();
        _status.Dispose();
        await _engine.DisposeAsync();
    }

    [Fact]
    public async Task A_link_lets_in_once_and_leads_to_an_address_that_stays()
    {
        var link = await LinkAsync();

        var page = await FollowAsync(link);

        Assert.Contains("<title>Infill</title>", await _client.GetStringAsync(page), StringComparison.Ordinal);
        Assert.Contains("<title>Infill</title>", await _client.GetStringAsync(page), StringComparison.Ordinal); // loaded anew
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(link)); // whoever has seen the browser's arguments comes too late
    }

    [Fact]
    public async Task Each_link_is_another_to_the_same_listener()
    {
        var (first, second) = (await LinkAsync(), await LinkAsync());

        Assert.NotEqual(first, second);
        Assert.Equal(first.Authority, second.Authority);
        Assert.Equal(await FollowAsync(first), await FollowAsync(second));
    }

    [Fact]
    public async Task Of_links_that_nobody_follows_the_oldest_are_forgotten()
    {
        var first = await LinkAsync();
        var last = first;
        for (var more = 0; more < 16; more++) last = await LinkAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(first));
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(last));
    }

    [Fact]
    public async Task The_figures_come_with_the_page_s_key()
    {
        var page = await FollowAsync(await LinkAsync());

        var report = await FirstReportAsync(new Uri(page, "/live" + page.Query));

        Assert.Equal(Environment.ProcessId, report.GetProperty("processId").GetInt32());
    }

    [Fact]
    public async Task Proxies_are_told_to_pass_the_figures_on_at_once()
    {
        var page = await FollowAsync(await LinkAsync());

        using var live = await _client.GetAsync(new Uri(page, "/live" + page.Query), HttpCompletionOption.ResponseHeadersRead);

        Assert.True(live.Headers.CacheControl!.NoTransform); // compressed, they would be collected first
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/?key=")]
    [InlineData("/?key=00000000000000000000000000000000")]
    [InlineData("/live")]
    [InlineData("/live?key=00000000000000000000000000000000")]
    [InlineData("/metrics")]
    [InlineData("/nothing/here")]
    public async Task Without_its_key_everything_is_refused(string path)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(new Uri(await LinkAsync(), path)));
    }

    [Fact]
    public async Task A_link_opens_nothing_but_the_page_and_is_not_used_up_by_trying()
    {
        var link = await LinkAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(new Uri(link, "/live" + link.Query)));
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(link));
    }

    [Theory]
    [InlineData("/completion")]
    [InlineData("/infill")]
    [InlineData("/v1/completions")]
    [InlineData("/tokenize")]
    public async Task Nothing_is_computed_even_with_the_key(string path)
    {
        var page = await FollowAsync(await LinkAsync());
        using var request = HttpBench.Post(new Uri(page, path + page.Query).ToString(), """{"prompt":"a","input_prefix":"a","input_suffix":"b","content":"a"}""");

        using var response = await _client.SendAsync(request);

        Assert.Equal((HttpStatusCode.NotFound, 0), (response.StatusCode, _model.Steps));
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/slots")]
    [InlineData("/props")]
    [InlineData("/health")]
    [InlineData("/v1/models")]
    public async Task Nothing_but_the_page_is_there(string path)
    {
        var page = await FollowAsync(await LinkAsync());

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(new Uri(page, path + page.Query)));
    }

    [Theory]
    [InlineData("Host", "attacker.example", HttpStatusCode.Forbidden)] // a name that an attacker's DNS points at 127.0.0.1
    [InlineData("Host", "10.1.2.3", HttpStatusCode.Forbidden)]
    [InlineData("Host", "localhost:4711", HttpStatusCode.OK)] // a port that was forwarded
    [InlineData("Host", "127.0.0.1:4711", HttpStatusCode.OK)]
    [InlineData("Host", "[::1]:4711", HttpStatusCode.OK)]
    [InlineData("Origin", "https://attacker.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.OK)]
    public async Task Other_names_and_origins_are_refused_whatever_key_they_have(string header, string value, HttpStatusCode status)
    {
        Assert.Equal(status, await StatusAsync(await FollowAsync(await LinkAsync()), (header, value)));
    }

    [Fact]
    public async Task An_editor_in_the_browser_may_send_the_user_to_the_page()
    {
        var visit = new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document") };

        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(await LinkAsync(), visit));
        var page = await FollowAsync(await LinkAsync());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(page, visit));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(new Uri(page, "/live" + page.Query), visit)); // a document of its own
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(page, [visit[0], visit[1], ("Sec-Fetch-Dest", "iframe")]));
    }

    [Fact]
    public async Task It_listens_on_loopback_alone_and_ends_with_its_engine_whoever_looks_at_it()
    {
        var page = await FollowAsync(await LinkAsync());
        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(page.Host)));
        await using var stream = await _client.GetStreamAsync(new Uri(page, "/live" + page.Query));
        using var reader = new StreamReader(stream);
        Assert.NotNull(await reader.ReadLineAsync());

        await _page.DisposeAsync();

        await reader.ReadToEndAsync(); // the stream has an end
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync(page));
    }

    private async Task<Uri> LinkAsync() => new(await _page.NewLinkAsync());

    /// <summary>Where a link leads.</summary>
    private async Task<Uri> FollowAsync(Uri link)
    {
        using var response = await _client.GetAsync(link);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        return new Uri(link, response.Headers.Location!);
    }

    private async Task<HttpStatusCode> StatusAsync(Uri address, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.StatusCode;
    }

    private async Task<JsonElement> FirstReportAsync(Uri address)
    {
        await using var stream = await _client.GetStreamAsync(address);
        using var reader = new StreamReader(stream);
        return JsonElement.Parse((await reader.ReadLineAsync())!["data: ".Length..]);
    }
}
