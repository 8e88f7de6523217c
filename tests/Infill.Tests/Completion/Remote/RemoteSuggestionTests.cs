using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Completion.Remote;
using Infill.Engine;
using Infill.Tests.Engine.Remote;

namespace Infill.Tests.Completion.Remote;

/// <summary>Another server's text becomes a suggestion by the same rules as the engine's own.</summary>
public sealed class RemoteSuggestionTests
{
    private const string Document = "def add(a, b):\r\n    return ‸\r\n\r\nprint(add(1, 2))\r\n";

    [Fact]
    public async Task It_is_shaped_as_any_other_and_the_stream_is_closed_behind_it()
    {
        var closed = new TaskCompletionSource();
        using var server = new ScriptedServer().AsLlama(async exchange =>
        {
            await exchange.BeginEventsAsync();
            foreach (var text in (string[])["a", " + b", "\n", "\n", "def ", "sub"]) await exchange.TextAsync(text);
            await exchange.ClosedAsync();
            closed.SetResult();
        });
        using var bench = new RemoteBench(server.Url);

        var last = await LastAsync(new RemoteSuggestionService(bench.Pool, bench.Time));

        Assert.Equal(("a + b", FinishReason.StopRule), (last.Text, last.Finish));
        Assert.Null(last.Usage);
        Assert.NotNull(last.Reported);
        await closed.Task.WaitAsync(Scenarios.Patience.Limit);
        Assert.Equal("def add(a, b):\n    return ", server.LastCompletion.Json.GetProperty("input_prefix").GetString()); // with LF, as models are trained
    }

    [Fact]
    public async Task What_the_server_s_model_is_unsure_of_is_not_shown_unless_asked_for_by_hand()
    {
        using var server = new ScriptedServer().AsLlama(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.EventAsync("""{"content":"x","stop":false,"completion_probabilities":[{"token":"x","logprob":-5}]}""");
            await exchange.EventAsync("""{"content":"","stop":true,"stop_type":"eos"}""");
            await exchange.EndAsync();
        });
        using var bench = new RemoteBench(server.Url);
        var service = new RemoteSuggestionService(bench.Pool, bench.Time);

        Assert.Equal("", (await LastAsync(service)).Text);
        Assert.Equal("x", (await LastAsync(service, RequestPriority.Invoked)).Text);
    }

    [Fact]
    public async Task A_server_that_gives_no_scores_has_its_text_shown()
    {
        using var server = new ScriptedServer().AsOpenAi(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.EventAsync("""{"choices":[{"text":"a + b"}]}""");
            await exchange.EventAsync("""{"choices":[{"text":"","finish_reason":"stop"}]}""");
            await exchange.EndAsync();
        });
        using var bench = new RemoteBench(server.Url);

        Assert.Equal("a + b", (await LastAsync(new RemoteSuggestionService(bench.Pool, bench.Time))).Text);
    }

    [Fact]
    public async Task Where_no_server_gives_any_text_the_last_resort_does()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(500));
        using var bench = new RemoteBench(server.Url);
        var asked = 0;

        var last = await LastAsync(new RemoteSuggestionService(bench.Pool, bench.Time, () =>
        {
            asked++;
            return new Fixed("local");
        }));

        Assert.Equal(("local", 1), (last.Text, asked));
    }

    [Fact]
    public async Task The_last_resort_is_left_alone_where_there_was_text()
    {
        using var server = new ScriptedServer().AsLlama(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("a + b");
            await exchange.EndAsync();
        });
        using var bench = new RemoteBench(server.Url);

        var last = await LastAsync(new RemoteSuggestionService(bench.Pool, bench.Time, static () => throw new InvalidOperationException()));

        Assert.Equal(("a + b", FinishReason.Faulted), (last.Text, last.Finish)); // what there is of it
    }

    [Fact]
    public async Task A_request_that_is_stopped_asks_no_last_resort()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(500));
        using var bench = new RemoteBench(server.Url);

        var last = await LastAsync(new RemoteSuggestionService(bench.Pool, bench.Time, static () => throw new InvalidOperationException()), cancellationToken: new CancellationToken(canceled: true));

        Assert.Equal(FinishReason.Cancelled, last.Finish);
    }

    [Fact]
    public void The_window_has_the_settings_size_and_stays_while_one_types()
    {
        var text = string.Concat(Enumerable.Range(0, 400).Select(static line => $"line {line}\n"));
        var options = PromptOptions.Default with { PrefixTokens = 64, SuffixTokens = 16, TrailingSuffixTokens = 8 };

        var place = RemoteSuggestionService.PlaceOf(new SuggestionRequest(SourceText.From(text), 2000, "a.txt") { Prompt = options });
        var next = RemoteSuggestionService.PlaceOf(new SuggestionRequest(SourceText.From(text.Insert(2000, "x")), 2001, "a.txt") { Prompt = options });

        Assert.InRange(place.Prefix.Length, 90, 192);
        Assert.InRange(place.Suffix.Length, 1, 24);
        Assert.Equal(place.Prefix + "x", next.Prefix);
    }

    private static async Task<Suggestion> LastAsync(RemoteSuggestionService service, RequestPriority priority = RequestPriority.Automatic, CancellationToken cancellationToken = default)
    {
        var cursor = Document.IndexOf('‸', StringComparison.Ordinal);
        var request = new SuggestionRequest(SourceText.From(Document.Remove(cursor, 1)), cursor, "add.py") { Priority = priority };
        Suggestion? last = null;
        await foreach (var suggestion in service.SuggestAsync(request, cancellationToken)) last = suggestion;
        return last!;
    }

    private sealed class Fixed(string text) : ISuggestionService
    {
        public Task ReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async IAsyncEnumerable<Suggestion> SuggestAsync(SuggestionRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new Suggestion(text, FinishReason.EndOfText);
        }

        public Task<PromptExplanation> ExplainAsync(SuggestionRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
