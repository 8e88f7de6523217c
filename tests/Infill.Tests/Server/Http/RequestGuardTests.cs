using System.Net;
using System.Text;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Http;

/// <summary>Loopback is no trust: any page in a browser can send to it.</summary>
public sealed class RequestGuardTests
{
    [Theory]
    [InlineData("Host", "attacker.example")] // a name that an attacker's DNS points at 127.0.0.1
    [InlineData("Host", "10.1.2.3")]
    [InlineData("Origin", "https://attacker.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task What_comes_from_another_origin_or_by_another_name_is_refused(string header, string value)
    {
        await using var bench = await HttpBench.StartAsync();
        using var request = HttpBench.Post("/v1/completions", """{"prompt":"a"}""");
        request.Headers.TryAddWithoutValidation(header, value);

        using var response = await bench.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.DoesNotContain(response.Headers, static each => each.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(0, bench.Model.Steps);
    }

    [Fact]
    public async Task Our_own_page_is_let_in()
    {
        await using var bench = await HttpBench.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/slots");
        request.Headers.TryAddWithoutValidation("Origin", bench.Client.BaseAddress!.GetLeftPart(UriPartial.Authority));
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");

        using var response = await bench.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/", HttpStatusCode.OK)] // the live page, by another site's link
    [InlineData("/slots", HttpStatusCode.Forbidden)]
    [InlineData("/live", HttpStatusCode.Forbidden)]
    public async Task A_link_of_another_site_leads_to_the_live_page_alone(string path, HttpStatusCode status)
    {
        await using var bench = await HttpBench.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document") }) request.Headers.TryAddWithoutValidation(name, value);

        using var response = await bench.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")] // an editor of this machine is told an address that a browser can open
    public async Task The_page_s_address_can_be_opened(string listen)
    {
        await using var bench = await HttpBench.StartAsync(change: options => options with { Listen = new IPEndPoint(IPAddress.Parse(listen), 0) });

        Assert.Equal("127.0.0.1", bench.PageAddress.Host);
        Assert.Contains("<title>Infill</title>", await bench.Client.GetStringAsync(bench.PageAddress), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task What_a_form_can_send_is_refused(string type)
    {
        await using var bench = await HttpBench.StartAsync();

        using var response = await bench.Client.PostAsync("/completion", new StringContent("""{"prompt":"a"}""", Encoding.UTF8, type));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task Another_origin_s_question_whether_it_may_ask_is_answered_by_no()
    {
        await using var bench = await HttpBench.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/completion");
        request.Headers.TryAddWithoutValidation("Origin", "https://attacker.example");
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "POST");

        using var response = await bench.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/")]
    [InlineData("/live")]
    [InlineData("/metrics")]
    [InlineData("/slots")]
    [InlineData("/props")]
    [InlineData("/models")]
    [InlineData("/v1/models")]
    [InlineData("/v1/health")]
    [InlineData("/nothing/here")]
    public async Task Without_the_key_everything_is_refused(string path)
    {
        await using var bench = await HttpBench.StartAsync(change: static options => options with { Keys = ["first", "second"] });

        using var response = await bench.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("/infill")]
    [InlineData("/completion")]
    [InlineData("/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/tokenize")]
    [InlineData("/detokenize")]
    public async Task Without_the_key_nothing_is_computed(string path)
    {
        await using var bench = await HttpBench.StartAsync(change: static options => options with { Keys = ["first"] });

        using var response = await bench.PostAsync(path, """{"prompt":"a","input_prefix":"a","input_suffix":"b","content":"a","tokens":[97]}""");

        Assert.Equal((HttpStatusCode.Unauthorized, 0), (response.StatusCode, bench.Model.Steps));
    }

    [Theory]
    [InlineData("Authorization", "Bearer second", 200)]
    [InlineData("Authorization", "bearer first", 200)]
    [InlineData("Authorization", "Bearer firs", 401)]
    [InlineData("Authorization", "Basic YW55Ym9keTpmaXJzdA==", 200)] // anybody:first, as a browser sends it
    [InlineData("Authorization", "Basic !", 401)]
    [InlineData("X-Api-Key", "first", 200)]
    public async Task A_key_lets_in_however_it_is_sent(string header, string value, int status)
    {
        await using var bench = await HttpBench.StartAsync(change: static options => options with { Keys = ["first", "second"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.TryAddWithoutValidation(header, value);

        using var response = await bench.Client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_before_it_is_read()
    {
        await using var bench = await HttpBench.StartAsync(change: static options => options with { MaxBodyBytes = 1000 });

        using var response = await bench.PostAsync("/completion", $$"""{"prompt":"{{new string('x', 2000)}}"}""");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("\"message\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_JSON()
    {
        await using var bench = await HttpBench.StartAsync();

        using var nowhere = await bench.Client.GetAsync("/nowhere");
        using var wrongWay = await bench.Client.GetAsync("/completion");

        Assert.Equal((404, 405), ((int)nowhere.StatusCode, (int)wrongWay.StatusCode));
        Assert.Contains("There is no GET /nowhere here.", await nowhere.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
