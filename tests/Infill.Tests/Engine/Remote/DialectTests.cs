using System.Text.Json;
using Infill.Engine;
using Infill.Engine.Remote;

namespace Infill.Tests.Engine.Remote;

/// <summary>What is asked in each dialect, and how an endpoint's own is found out.</summary>
public sealed class DialectTests
{
    [Fact]
    public async Task A_llama_server_gets_the_texts_as_they_are()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("a"));
        using var bench = new RemoteBench(server.Url);

        await bench.RunAsync(RemoteBench.Request with { Files = [new RemoteFile("g.py", "g = 1")], StopStrings = ["\n"] });

        var asked = server.LastCompletion.Json;
        Assert.Equal((RemoteBench.Request.Prefix, RemoteBench.Request.Suffix), (asked.GetProperty("input_prefix").GetString(), asked.GetProperty("input_suffix").GetString()));
        Assert.Equal("""[{"filename":"g.py","text":"g = 1"}]""", asked.GetProperty("input_extra").GetRawText());
        Assert.Equal((12, 0, 1), (asked.GetProperty("n_predict").GetInt32(), asked.GetProperty("temperature").GetInt32(), asked.GetProperty("n_probs").GetInt32()));
        Assert.Equal((true, true, """["\n"]"""), (asked.GetProperty("stream").GetBoolean(), asked.GetProperty("cache_prompt").GetBoolean(), asked.GetProperty("stop").GetRawText()));
    }

    [Fact]
    public async Task Another_server_gets_a_prompt_in_its_model_s_own_words()
    {
        using var server = new ScriptedServer().AsOpenAi(static exchange => exchange.AnswerAsync("a"));
        using var bench = new RemoteBench(server.Url);

        var generation = await bench.RunAsync();

        var asked = server.LastCompletion.Json;
        Assert.Equal("a", generation.Text);
        Assert.Equal($"<P>{RemoteBench.Request.Prefix}<S>{RemoteBench.Request.Suffix}<M>", asked.GetProperty("prompt").GetString());
        Assert.Equal(("Qwen2.5-Coder-7B", 12), (asked.GetProperty("model").GetString(), asked.GetProperty("max_tokens").GetInt32()));
        Assert.False(asked.TryGetProperty("suffix", out _));
    }

    [Fact]
    public async Task A_server_of_an_unknown_model_that_fills_in_by_suffix_is_asked_so()
    {
        using var server = new ScriptedServer().AsOpenAi(AnswerBySuffixAsync, "some-model");
        using var bench = new RemoteBench(new RemoteOptions([server.Url]));

        var generation = await bench.RunAsync();

        Assert.Equal("kingfisher", generation.Text);
        Assert.Equal(RemoteBench.Request.Suffix, server.LastCompletion.Json.GetProperty("suffix").GetString());
        Assert.Equal(4, server.Completions); // three to find out
    }

    [Theory]
    [InlineData(true)]  // as vLLM does
    [InlineData(false)] // as LMDeploy does
    public async Task A_server_that_refuses_the_suffix_or_ignores_it_is_never_sent_one(bool isRefused)
    {
        using var server = new ScriptedServer().AsOpenAi(
            exchange => isRefused && exchange.Json.TryGetProperty("suffix", out _) ? exchange.StatusAsync(400) : exchange.JsonAsync("""{"choices":[{"text":"world"}]}"""), "some-model");
        using var bench = new RemoteBench(new RemoteOptions([server.Url]));

        var generation = await bench.RunAsync();

        Assert.Equal(FinishReason.Faulted, generation.Finish);
        Assert.Contains("the model 'some-model', whose family is not known by that name", generation.Last.Fault, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Exchanges, static each => each.Path == "/v1/completions" && each.Json.TryGetProperty("stream", out var stream) && stream.GetBoolean());
    }

    [Fact]
    public async Task Whoever_insists_on_the_suffix_is_told_where_it_does_nothing()
    {
        using var server = new ScriptedServer().AsOpenAi(static exchange => exchange.JsonAsync("""{"choices":[{"text":"world"}]}"""));
        using var bench = new RemoteBench(new RemoteOptions([server.Url]) { Dialect = RemoteDialect.OpenAiSuffix });

        Assert.Contains("takes it and ignores it", (await bench.RunAsync()).Last.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_scores_gives_its_text_all_the_same()
    {
        using var server = new ScriptedServer().AsOpenAi(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.EventAsync("""{"choices":[{"text":"a","logprobs":null}]}""");
            await exchange.EventAsync("""{"choices":[{"text":"b","finish_reason":"stop"}]}""");
            await exchange.EndAsync(); // without [DONE], as some do
        });
        using var bench = new RemoteBench(server.Url);

        var generation = await bench.RunAsync();

        Assert.Equal((FinishReason.EndOfText, "ab"), (generation.Finish, generation.Text));
        Assert.All(generation.Chunks, static chunk => Assert.Empty(chunk.Tokens));
        Assert.Equal(new ReportedUsage(), generation.Last.Reported); // all of it unknown, nothing 0
    }

    [Fact]
    public async Task A_marker_that_the_model_writes_ends_the_text()
    {
        using var server = new ScriptedServer().AsOpenAi(static exchange => exchange.AnswerAsync("a", "<", "P>", "b"));
        using var bench = new RemoteBench(server.Url);

        Assert.Equal("a", (await bench.RunAsync()).Text);
    }

    [Fact]
    public async Task What_a_server_tells_of_its_work_is_passed_on()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.LettersAsync());
        using var bench = new RemoteBench(server.Url);

        var generation = await bench.RunAsync();

        Assert.Equal(new ReportedUsage(9, 5, 12, TimeSpan.FromMilliseconds(1.5), TimeSpan.FromMilliseconds(2.5)), generation.Last.Reported);
    }

    [Fact]
    public async Task An_endpoint_is_examined_for_people()
    {
        using var llama = new ScriptedServer().AsLlama(static exchange => exchange.AnswerAsync("a"));
        using var other = new ScriptedServer().AsOpenAi(static exchange => exchange.AnswerAsync("a"));
        using var bench = new RemoteBench(llama.Url, other.Url);

        var reports = await bench.Pool.ExamineAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            ["llama-server's /infill, model scripted", "/v1/completions, model Qwen2.5-Coder-7B, template plain"], reports.Select(static report => report.Description));
        Assert.All(reports, static report => Assert.Null(report.Problem));
    }

    private static async Task AnswerBySuffixAsync(ScriptedExchange exchange)
    {
        var asked = exchange.Json;
        var text = asked.TryGetProperty("suffix", out _) ? "kingfisher" : "world";
        if (asked.TryGetProperty("stream", out var stream) && stream.GetBoolean()) await exchange.AnswerAsync(text);
        else await exchange.JsonAsync($$"""{"choices":[{"text":{{JsonSerializer.Serialize(text)}}}]}""");
    }
}
