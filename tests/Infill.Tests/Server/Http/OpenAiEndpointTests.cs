using System.Text.Json;
using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Http;

/// <summary>OpenAI's completions, as its clients use them.</summary>
public sealed class OpenAiEndpointTests
{
    [Fact]
    public async Task A_suffix_makes_it_a_completion_between_two_texts()
    {
        var prompts = new PromptLog();
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = prompts.Before(ScriptedModel.Says("1")) });

        var answer = await bench.AskAsync("/v1/completions", """{"model":"any","prompt":"x = ","suffix":"\n","max_tokens":8,"temperature":0}""");

        Assert.Equal(["x = ‸\n"], prompts.Prompts);
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal(("1", "stop"), (choice.GetProperty("text").GetString(), choice.GetProperty("finish_reason").GetString()));
        Assert.Equal(("text_completion", 2), (answer.GetProperty("object").GetString(), answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task A_stream_ends_with_DONE_and_tells_the_usage_where_that_is_asked_for()
    {
        await using var bench = await HttpBench.StartAsync();

        var events = await bench.StreamAsync("/v1/completions", """{"prompt":"hello","max_tokens":8,"temperature":0,"stream":true,"stream_options":{"include_usage":true}}""");

        Assert.Equal("[DONE]", events[^1]);
        Assert.Equal(8, JsonElement.Parse(events[^2]).GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        var choices = events[..^2].ConvertAll(static each => JsonElement.Parse(each).GetProperty("choices")[0]);
        Assert.Equal(bench.Model.TextAfter([.. "hello"u8], 8), string.Concat(choices.Select(static choice => choice.GetProperty("text").GetString())));
        Assert.Equal("length", choices[^1].GetProperty("finish_reason").GetString());
        Assert.All(choices[..^1], static choice => Assert.Equal(JsonValueKind.Null, choice.GetProperty("finish_reason").ValueKind));
    }

    [Fact]
    public async Task Several_choices_are_one_answer()
    {
        await using var bench = await HttpBench.StartAsync();

        var answer = await bench.AskAsync("/v1/completions", """{"prompt":"hello","max_tokens":4,"n":3,"seed":1,"stop":"?"}""");

        Assert.Equal([0, 1, 2], answer.GetProperty("choices").EnumerateArray().Select(static choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal((5, 12), (answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
    }

    [Fact]
    public async Task Several_choices_stream_side_by_side()
    {
        await using var bench = await HttpBench.StartAsync();

        var events = await bench.StreamAsync("/v1/completions", """{"prompt":"hello","max_tokens":4,"n":2,"temperature":0,"stream":true}""");

        var byChoice = events[..^1].Select(static each => JsonElement.Parse(each).GetProperty("choices")[0]).ToLookup(static choice => choice.GetProperty("index").GetInt32(), static choice => choice.GetProperty("text").GetString());
        Assert.Equal(2, byChoice.Count);
        Assert.All(byChoice, choice => Assert.Equal(bench.Model.TextAfter([.. "hello"u8], 4), string.Concat(choice)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { IsNearTie = static _ => true });
        const string body = """{"prompt":"hello","max_tokens":24,"temperature":1,"seed":7}""";

        var first = await bench.AskAsync("/v1/completions", body);
        var second = await bench.AskAsync("/v1/completions", body);

        Assert.Equal(first.GetProperty("choices").GetRawText(), second.GetProperty("choices").GetRawText());
    }

    [Fact]
    public async Task Log_probabilities_come_with_where_in_the_text_their_tokens_stand()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("ab") });

        var answer = await bench.AskAsync("/v1/completions", """{"prompt":"x","suffix":"y","logprobs":1,"max_tokens":8}""");

        var logprobs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        Assert.Equal(["a", "b"], logprobs.GetProperty("tokens").EnumerateArray().Take(2).Select(static token => token.GetString()!));
        Assert.Equal([0, 1], logprobs.GetProperty("text_offset").EnumerateArray().Take(2).Select(static offset => offset.GetInt32()));
    }

    [Fact]
    public async Task Echo_puts_the_prompt_before_the_text()
    {
        await using var bench = await HttpBench.StartAsync();

        var answer = await bench.AskAsync("/v1/completions", """{"prompt":"hello","max_tokens":4,"temperature":0,"echo":true}""");

        Assert.Equal("hello" + bench.Model.TextAfter([.. "hello"u8], 4), answer.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("""{"prompt":"a","n":0}""", "'n' is 0")]
    [InlineData("""{"prompt":"a","n":1000}""", "'n' is 1000")]
    [InlineData("""{"prompt":"a","best_of":3}""", "'best_of' is not supported")]
    [InlineData("""{"prompt":"a","logprobs":9}""", "'logprobs' is 9")]
    [InlineData("""{"prompt":"a","presence_penalty":1}""", "'presence_penalty' is not supported")]
    [InlineData("""{"prompt":["a",["b"]]}""", "several prompts are several requests")]
    [InlineData("""{"prompt":[1],"suffix":"b"}""", "With 'suffix' the 'prompt' must be text")]
    public async Task What_can_t_be_served_is_refused_in_a_sentence(string body, string sentence)
    {
        await using var bench = await HttpBench.StartAsync();

        using var response = await bench.PostAsync("/v1/completions", body);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains(sentence, JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_turned_away_by_a_full_queue_is_told_to_come_back()
    {
        await using var bench = await HttpBench.StartAsync(engineOptions: new EngineOptions { MaxRunning = 1, MaxWaiting = 1 });
        var gate = bench.Model.HoldStep(1);
        var running = bench.AskAsync("/v1/completions", """{"prompt":"a"}""");
        await gate.Reached;
        var oldest = bench.PostAsync("/v1/completions", """{"prompt":"b"}""");
        await Wait.UntilAsync(() => Task.FromResult(bench.Engine.Snapshot().Count == 2));
        var newest = bench.PostAsync("/v1/completions", """{"prompt":"c"}""");
        await Wait.UntilAsync(() => Task.FromResult(bench.Engine.Snapshot().Count == 3));
        gate.Open();

        using var dropped = await oldest;

        Assert.Equal((503, "1"), ((int)dropped.StatusCode, dropped.Headers.RetryAfter!.ToString()));
        await running;
        (await newest).Dispose();
    }
}
