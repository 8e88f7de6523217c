using System.Globalization;
using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Tests.Scenarios;
using Infill.Tests.Server.Http;

namespace Infill.Tests.Engine.Remote;

/// <summary>Several endpoints: who is asked, and what happens when one goes away and comes back.</summary>
public sealed class RemotePoolTests
{
    [Fact]
    public async Task A_document_keeps_its_endpoint_and_new_ones_go_where_there_are_fewer()
    {
        using var first = Server("1");
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);

        var texts = new List<string>();
        foreach (var document in (string[])["a", "b", "a", "b", "c", "d", "c"]) texts.Add(await TextAsync(bench, document));

        Assert.Equal(["1", "2", "1", "2", "1", "2", "1"], texts);
    }

    [Fact]
    public async Task Editors_that_each_have_one_document_are_spread_by_its_name()
    {
        using var first = Server("1");
        using var second = Server("2");
        var texts = new List<string>();
        for (var number = 0; number < 16; number++)
        {
            using var bench = new RemoteBench(first.Url, second.Url);
            texts.Add(await TextAsync(bench, $"src/file{number}.cs"));
        }

        Assert.InRange(texts.Count(static text => text == "1"), 4, 12);
    }

    [Fact]
    public async Task A_new_document_goes_to_the_endpoint_that_does_less()
    {
        var gate = new TaskCompletionSource();
        using var first = new ScriptedServer().AsLlama(async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("1");
            await gate.Task;
        });
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);
        await using var busy = bench.Pool.GenerateAsync(RemoteBench.Request with { Document = "a" }).GetAsyncEnumerator();
        await busy.MoveNextAsync();
        await TextAsync(bench, "b"); // now each has one document

        Assert.Equal("2", await TextAsync(bench, "c"));
        gate.SetResult();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(404)]
    public async Task Where_one_gives_nothing_the_next_is_asked(int status)
    {
        using var first = new ScriptedServer().AsLlama(exchange => exchange.StatusAsync(status));
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);

        var generation = await bench.RunAsync(RemoteBench.Request with { Document = "a" });

        Assert.Equal((FinishReason.EndOfText, "2"), (generation.Finish, generation.Text));
    }

    [Fact]
    public async Task Once_text_was_streamed_nobody_else_is_asked()
    {
        using var first = new ScriptedServer().AsLlama(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("1");
            await exchange.EndAsync();
        });
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);

        var generation = await bench.RunAsync();

        Assert.Equal((FinishReason.Faulted, "1", 0), (generation.Finish, generation.Text, second.Completions));
    }

    [Fact]
    public async Task One_that_went_away_is_left_alone_until_it_has_passed_a_check()
    {
        var first = Server("1");
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);
        Assert.Equal("1", await TextAsync(bench, "a"));
        first.Dispose();

        Assert.Equal("2", await TextAsync(bench, "a")); // no error, only another endpoint
        Assert.Equal("2", await TextAsync(bench, "b"));

        using var again = new ScriptedServer(first.Url.Port).AsLlama(static exchange => exchange.AnswerAsync("1"));
        Assert.Equal("2", await TextAsync(bench, "c"));
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        await Wait.UntilAsync(() => Task.FromResult(bench.Log.Any(static line => line.Contains("works again", StringComparison.Ordinal))));

        Assert.Equal("1", await TextAsync(bench, "d")); // it has fewer documents
        Assert.Equal("2", await TextAsync(bench, "b")); // it began there
    }

    [Fact]
    public async Task A_document_goes_back_when_its_own_endpoint_has_its_prompt_and_nobody_waits_for_that()
    {
        var computed = new TaskCompletionSource();
        using var second = Server("2");
        var (bench, again) = await WithOneThatCameBackAsync(second, async exchange =>
        {
            await computed.Task;
            await exchange.AnswerAsync("1");
        });

        for (var i = 0; i < 3; i++) Assert.Equal("2", await TextAsync(bench, "a"));
        await Wait.UntilAsync(() => Task.FromResult(again.Completions > 0));
        Assert.Equal(1, again.LastCompletion.Json.GetProperty("n_predict").GetInt32()); // for its prompt's sake
        Assert.Equal(1, again.Completions);
        computed.SetResult();

        await Wait.UntilAsync(async () => await TextAsync(bench, "a") == "1");
        var answered = second.Completions;
        Assert.Equal("1", await TextAsync(bench, "a"));
        Assert.Equal(answered, second.Completions);
        bench.Dispose();
        again.Dispose();
    }

    [Fact]
    public async Task A_document_that_its_own_endpoint_does_not_take_back_stays_where_it_is()
    {
        using var second = Server("2");
        var (bench, again) = await WithOneThatCameBackAsync(second, static exchange => exchange.StatusAsync(404)); // it has another model now

        await TextAsync(bench, "a");
        await Wait.UntilAsync(() => Task.FromResult(again is { Completions: 1, Open: 0 }));
        for (var i = 0; i < 3; i++) Assert.Equal("2", await TextAsync(bench, "a"));

        Assert.Equal(1, again.Completions);
        bench.Dispose();
        again.Dispose();
    }

    [Fact]
    public async Task A_document_whose_endpoint_is_away_stays_with_the_one_that_stands_in()
    {
        ScriptedServer[] servers = [Server("0"), Server("1"), Server("2")];
        using var bench = new RemoteBench([.. servers.Select(static server => server.Url)]);
        servers[int.Parse(await TextAsync(bench, "a"), CultureInfo.InvariantCulture)].Dispose();
        var standIn = await TextAsync(bench, "a");
        for (var number = 0; number < 4; number++) await TextAsync(bench, $"b{number}"); // there are documents more on both

        Assert.Equal([standIn, standIn], [await TextAsync(bench, "a"), await TextAsync(bench, "a")]);
        foreach (var server in servers) server.Dispose();
    }

    [Fact]
    public async Task One_that_lets_two_deadlines_pass_without_a_word_is_left_for_another()
    {
        var asked = new SemaphoreSlim(0);
        using var first = new ScriptedServer().AsLlama(exchange =>
        {
            asked.Release();
            return exchange.ClosedAsync();
        });
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);
        for (var i = 0; i < 2; i++)
        {
            var running = bench.RunAsync(RemoteBench.Request with { Document = "a", Deadline = TimeSpan.FromSeconds(1) });
            Assert.True(await asked.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
            bench.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(FinishReason.Deadline, (await running).Finish);
        }

        Assert.Equal("2", await TextAsync(bench, "a"));
        Assert.Contains(bench.Log, static line => line.Contains("2 times in a row", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_check_that_fails_is_repeated()
    {
        using var first = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(500));
        using var second = Server("2");
        using var bench = new RemoteBench(first.Url, second.Url);
        await TextAsync(bench, "a");
        var checks = 0;
        first.On("/health", exchange =>
        {
            Interlocked.Increment(ref checks);
            return exchange.StatusAsync(503);
        });

        for (var i = 1; i <= 3; i++)
        {
            await Wait.UntilAsync(() =>
            {
                bench.Time.Advance(TimeSpan.FromSeconds(2));
                return Task.FromResult(Volatile.Read(ref checks) >= i);
            });
        }

        Assert.Equal("2", await TextAsync(bench, "b"));
    }

    [Fact]
    public async Task Where_none_works_the_first_one_s_trouble_is_told()
    {
        using var first = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(500));
        using var second = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(429));
        using var bench = new RemoteBench(first.Url, second.Url);

        var generation = await bench.RunAsync();

        Assert.Equal(FinishReason.Faulted, generation.Finish);
        Assert.Contains("failed (500)", generation.Last.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_ready_as_soon_as_one_is()
    {
        using var first = new ScriptedServer();
        using var second = Server("2");
        using var bench = new RemoteBench(new RemoteOptions([first.Url, second.Url]));

        await bench.Pool.ReadyAsync(TestContext.Current.CancellationToken);
        second.Dispose();

        using var none = new RemoteBench(new RemoteOptions([first.Url]));
        await Assert.ThrowsAsync<EngineException>(() => none.Pool.ReadyAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Document "a" began at a server that went away, was answered by the second, and whose server is there again and answers so.</summary>
    private static async Task<(RemoteBench Bench, ScriptedServer Again)> WithOneThatCameBackAsync(ScriptedServer second, Func<ScriptedExchange, Task> infill)
    {
        var first = Server("1");
        var bench = new RemoteBench(first.Url, second.Url);
        Assert.Equal("1", await TextAsync(bench, "a"));
        first.Dispose();
        Assert.Equal("2", await TextAsync(bench, "a"));
        var again = new ScriptedServer(first.Url.Port).AsLlama(infill);
        bench.Time.Advance(TimeSpan.FromSeconds(2));
        await Wait.UntilAsync(() => Task.FromResult(bench.Log.Any(static line => line.Contains("works again", StringComparison.Ordinal))));
        return (bench, again);
    }

    private static ScriptedServer Server(string text) => new ScriptedServer().AsLlama(exchange => exchange.AnswerAsync(text));

    private static async Task<string> TextAsync(RemoteBench bench, string document)
    {
        var generation = await bench.RunAsync(RemoteBench.Request with { Document = document });
        Assert.Equal(FinishReason.EndOfText, generation.Finish);
        return generation.Text;
    }
}
