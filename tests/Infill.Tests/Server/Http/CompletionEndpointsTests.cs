using System.Text;
using System.Text.Json;
using Infill.Completion.Prompting;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Http;

/// <summary>llama-server's endpoints, as its clients use them.</summary>
public sealed class CompletionEndpointsTests
{
    [Fact]
    public async Task Infill_puts_the_prompt_before_the_cursor_and_answers_as_llama_server_does()
    {
        var prompts = new PromptLog();
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = prompts.Before(ScriptedModel.Says("return 1\n")) });

        var answer = await bench.AskAsync("/infill", """{"input_prefix":"def f():\n","prompt":"    ","input_suffix":"\nf()\n","n_predict":32,"stream":false}""");

        Assert.Equal(["def f():\n    ‸\nf()\n"], prompts.Prompts);
        Assert.Equal("return 1\n", answer.GetProperty("content").GetString());
        Assert.Equal(("eos", true, true, 10), (answer.GetProperty("stop_type").GetString(), answer.GetProperty("stop").GetBoolean(), answer.GetProperty("has_new_line").GetBoolean(), answer.GetProperty("tokens_predicted").GetInt32()));
        Assert.True(answer.GetProperty("timings").GetProperty("prompt_n").GetInt32() > 0);
    }

    [Fact]
    public async Task Parts_of_other_files_go_before_it_as_the_model_was_trained_the_last_of_them_where_there_is_no_room_for_all()
    {
        IReadOnlyList<int> prompt = [];
        var model = new ScriptedModel(contextCells: 1024)
        {
            Rule = tokens =>
            {
                if (tokens[^1] == ByteVocabulary.Middle) prompt = [.. tokens];
                return ByteVocabulary.End;
            },
        };
        await using var bench = await HttpBench.StartAsync(model);

        await bench.AskAsync("/infill", $$"""{"input_prefix":"x","input_suffix":"y","n_predict":8,"input_extra":[{"filename":"old.py","text":"{{new string('o', 2000)}}"},{"filename":"near.py","text":"near = 1"}]}""");

        var text = Encoding.UTF8.GetString([.. prompt.Where(static token => token < 256).Select(static token => (byte)token)]);
        Assert.Contains("near = 1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ooo", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_of_infill_ends_with_the_event_that_says_stop()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("abc") });

        var events = (await bench.StreamAsync("/infill", """{"input_prefix":"x","input_suffix":"y","stream":true}""")).ConvertAll(static each => JsonElement.Parse(each));

        Assert.Equal("abc", string.Concat(events.Select(static each => each.GetProperty("content").GetString())));
        Assert.All(events[..^1], static each => Assert.False(each.GetProperty("stop").GetBoolean()));
        Assert.True(events[^1].GetProperty("stop").GetBoolean());
    }

    [Fact]
    public async Task Only_the_fields_that_were_asked_for_come_back_under_the_names_they_were_asked_by()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("abc") });

        var answer = await bench.AskAsync("/infill", """{"input_prefix":"x","input_suffix":"y","response_fields":["content","timings/predicted_n","no/such"]}""");

        Assert.Equal(["content", "timings/predicted_n"], answer.EnumerateObject().Select(static field => field.Name));
    }

    [Fact]
    public async Task A_completion_continues_its_prompt_greedily_where_the_temperature_is_0()
    {
        await using var bench = await HttpBench.StartAsync();

        var answer = await bench.AskAsync("/completion", """{"prompt":"hello","n_predict":8,"temperature":0}""");

        Assert.Equal(bench.Model.TextAfter([.. "hello"u8], 8), answer.GetProperty("content").GetString());
        Assert.Equal("limit", answer.GetProperty("stop_type").GetString());
    }

    [Theory]
    [InlineData("/infill", "\"input_prefix\":\"hello\",\"input_suffix\":\"y\"")]
    [InlineData("/completion", "\"prompt\":\"hello\"")]
    public async Task Who_asks_for_no_token_has_the_prompt_computed_and_nothing_written(string path, string fields)
    {
        await using var bench = await HttpBench.StartAsync();

        var nothing = await bench.AskAsync(path, $$"""{{{fields}},"n_predict":0}""");
        var next = await bench.AskAsync(path, $$"""{{{fields}},"n_predict":3}""");

        Assert.Equal(("", 0), (nothing.GetProperty("content").GetString(), nothing.GetProperty("tokens_predicted").GetInt32()));
        Assert.Equal(3, next.GetProperty("tokens_predicted").GetInt32());
        Assert.Equal(1, next.GetProperty("timings").GetProperty("prompt_n").GetInt32()); // the last token is computed again, for what follows it
    }

    [Fact]
    public async Task A_prompt_may_be_tokens_and_text_mixed()
    {
        await using var bench = await HttpBench.StartAsync();

        var mixed = await bench.AskAsync("/completion", """{"prompt":["he",108,"lo"],"n_predict":8,"temperature":0}""");

        Assert.Equal(bench.Model.TextAfter([.. "hello"u8], 8), mixed.GetProperty("content").GetString());
    }

    [Fact]
    public async Task A_line_that_is_indented_by_less_than_asked_ends_the_text_before_it()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("a = 1\n    b = 2\n  c = 3\n") });

        var answer = await bench.AskAsync("/infill", """{"input_prefix":"    ","input_suffix":"","n_indent":4}""");

        Assert.Equal("a = 1\n    b = 2", answer.GetProperty("content").GetString());
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_text_that_ends_among_a_line_s_blanks_keeps_them()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("a\n  ") });

        var answer = await bench.AskAsync("/infill", """{"input_prefix":"x","input_suffix":"","n_indent":4}""");

        Assert.Equal("a\n  ", answer.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Log_probabilities_come_with_each_token()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("ab") });

        var answer = await bench.AskAsync("/infill", """{"input_prefix":"x","input_suffix":"y","n_probs":2}""");

        var first = answer.GetProperty("completion_probabilities")[0];
        Assert.Equal(("a", 97), (first.GetProperty("token").GetString(), first.GetProperty("id").GetInt32()));
        Assert.InRange(first.GetProperty("logprob").GetDouble(), -0.1, 0);
        Assert.Equal(2, first.GetProperty("top_logprobs").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"input_prefix":"x = ret","input_suffix":"y"}""", "urn x")]
    [InlineData("""{"input_prefix":"x = ret","input_suffix":"y","healing":false}""", "return x")] // the script doesn't know what was typed
    [InlineData("""{"input_prefix":"x = ret","input_suffix":"y","n_probs":1}""", "return x")] // as llama-server has it: tokens are told, and none lies before the cursor
    [InlineData("""{"input_prefix":"x = ret","input_suffix":"y","n_probs":1,"healing":true}""", "urn x")]
    public async Task A_half_typed_word_is_completed_from_its_beginning_where_that_changes_nothing_that_is_told(string body, string text)
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says(" return x") }, heals: true);

        var answer = await bench.AskAsync("/infill", body);

        Assert.Equal(text, answer.GetProperty("content").GetString()!.TrimStart());
        if (answer.TryGetProperty("completion_probabilities", out var tokens))
        {
            Assert.Equal(answer.GetProperty("content").GetString(), string.Concat(tokens.EnumerateArray().Select(static token => token.GetProperty("token").GetString())));
        }
    }

    [Fact]
    public async Task A_model_that_fills_no_known_gap_is_refused_for_a_gap_and_serves_prompts_that_are_written_out()
    {
        var folder = Directory.CreateTempSubdirectory("infill-proofs-");
        await using var bench = await HttpBench.StartAsync(new ScriptedModel { Rule = static tokens => tokens.Contains(ByteVocabulary.Middle) ? ByteVocabulary.End : 'x' }, proofs: new ProofMemory(folder.FullName));

        foreach (var (path, body) in ((string, string)[])[("/infill", """{"input_prefix":"a","input_suffix":"b"}"""), ("/v1/completions", """{"prompt":"a","suffix":"b"}""")])
        {
            using var refused = await bench.PostAsync(path, body);
            Assert.Equal(501, (int)refused.StatusCode);
            Assert.Contains("did not fill gaps whose text is known", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var written = await bench.PostAsync("/completion", """{"prompt":"a","n_predict":1}""");
        Assert.Equal(200, (int)written.StatusCode);
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("/infill", """{"input_suffix":""}""", "'input_prefix' is needed")]
    [InlineData("/infill", """{"input_prefix":""}""", "'input_suffix' is needed")]
    [InlineData("/infill", """{"input_prefix":1,"input_suffix":""}""", "'input_prefix' can't be used")]
    [InlineData("/infill", """{"input_prefix":"","input_suffix":"","prompt":[1]}""", "'prompt' must be a text")]
    [InlineData("/infill", """{"input_prefix":"","input_suffix":"","input_extra":[{"filename":"a"}]}""", "Each of 'input_extra' needs a 'text'")]
    [InlineData("/completion", "{}", "'prompt' is needed")]
    [InlineData("/completion", "", "The body is no JSON object")]
    [InlineData("/completion", "[", "The body is no JSON object")]
    [InlineData("/completion", "null", "The body is null")]
    [InlineData("/completion", """{"prompt":""}""", "The prompt is empty")]
    [InlineData("/completion", """{"prompt":[99999]}""", "tokens from 0 to 261")]
    [InlineData("/completion", """{"prompt":"a","n_predict":-5}""", "-5 tokens can't be generated")]
    [InlineData("/completion", """{"prompt":"a","temperature":-1}""", "'temperature' is -1")]
    [InlineData("/completion", """{"prompt":"a","stop":[1]}""", "'stop' must be")]
    [InlineData("/completion", """{"prompt":"a","n_probs":1000}""", "'n_probs' is 1000")]
    [InlineData("/detokenize", """{"tokens":[-1]}""", "'tokens' holds -1")]
    [InlineData("/tokenize", """{"content":5}""", "'content' must be a text")]
    public async Task What_can_t_be_served_is_refused_in_a_sentence(string path, string body, string sentence)
    {
        await using var bench = await HttpBench.StartAsync();

        using var response = await bench.PostAsync(path, body);

        Assert.Equal(400, (int)response.StatusCode);
        var error = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        Assert.Contains(sentence, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_prompt_that_is_longer_than_the_context_is_refused_with_both_lengths()
    {
        await using var bench = await HttpBench.StartAsync(new ScriptedModel(contextCells: 64));

        var error = (await bench.AskAsync("/completion", $$"""{"prompt":"{{new string('x', 64)}}"}""")).GetProperty("error");

        Assert.Equal("exceed_context_size_error", error.GetProperty("type").GetString());
        Assert.Contains("The prompt has 64 tokens; the context has 64", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_and_text_go_back_and_forth()
    {
        await using var bench = await HttpBench.StartAsync();

        var tokens = await bench.AskAsync("/tokenize", """{"content":"hé","with_pieces":true}""");
        var text = await bench.AskAsync("/detokenize", """{"tokens":[104,195,169]}""");

        Assert.Equal([104, 195, 169], tokens.GetProperty("tokens").EnumerateArray().Select(static token => token.GetProperty("id").GetInt32()));
        Assert.Equal("[195]", tokens.GetProperty("tokens")[1].GetProperty("piece").GetRawText()); // half a character goes as bytes
        Assert.Equal("hé", text.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Slots_and_metrics_tell_what_runs_and_nothing_of_what_it_says()
    {
        await using var bench = await HttpBench.StartAsync();
        var gate = bench.Model.HoldStep(3);
        var running = bench.AskAsync("/completion", """{"prompt":"secret","n_predict":8,"temperature":0}""");
        await gate.Reached;

        var slots = await bench.Client.GetStringAsync("/slots");
        var metrics = await bench.Client.GetStringAsync("/metrics");
        gate.Open();
        await running;

        Assert.Single(JsonElement.Parse(slots).EnumerateArray(), static slot => slot.GetProperty("is_processing").GetBoolean());
        Assert.DoesNotContain("secret", slots + metrics, StringComparison.Ordinal);
        Assert.Contains("\nllamacpp:requests_processing 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE llamacpp:tokens_predicted_total counter", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_props_and_models_say_what_is_served()
    {
        await using var bench = await HttpBench.StartAsync();

        Assert.Equal("""{"status":"ok"}""", await bench.Client.GetStringAsync("/health"));
        Assert.Equal(4096, JsonElement.Parse(await bench.Client.GetStringAsync("/props")).GetProperty("default_generation_settings").GetProperty("n_ctx").GetInt32());
        Assert.Equal("scripted", JsonElement.Parse(await bench.Client.GetStringAsync("/v1/models")).GetProperty("data")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task The_page_needs_no_other_server()
    {
        await using var bench = await HttpBench.StartAsync();

        using var response = await bench.Client.GetAsync("/");
        var page = await response.Content.ReadAsStringAsync();

        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_live_stream_tells_at_once_who_runs_in_which_phase()
    {
        await using var bench = await HttpBench.StartAsync();
        var gate = bench.Model.HoldStep(3);
        var running = bench.AskAsync("/completion", """{"prompt":"secret","n_predict":8,"temperature":0}""");
        await gate.Reached;

        using var live = await bench.Client.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await live.Content.ReadAsStreamAsync());
        var line = (await reader.ReadLineAsync())!["data: ".Length..];
        gate.Open();
        await running;

        var request = Assert.Single(JsonElement.Parse(line).GetProperty("requests").EnumerateArray());
        Assert.Equal(("decode", 6, "http 127.0.0.1"), (request.GetProperty("phase").GetString(), request.GetProperty("promptTokens").GetInt32(), request.GetProperty("client").GetString()));
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }
}
