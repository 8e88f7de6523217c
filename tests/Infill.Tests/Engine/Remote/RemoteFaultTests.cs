using System.Net;
using System.Net.Sockets;
using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine.Remote;

/// <summary>Everything that a server can do wrong: a sentence, what there is of the text, never a stall; and the next request works.</summary>
public sealed class RemoteFaultTests
{
    [Theory]
    [InlineData(429, "has too much to do")]
    [InlineData(500, "failed (500)")]
    [InlineData(503, "not ready yet")]
    [InlineData(400, "refuses the request (400)")]
    [InlineData(401, "wants a key")]
    [InlineData(404, "has no /infill")]
    [InlineData(501, "can't fill in the middle")]
    [InlineData(302, "answered with 302")]
    public async Task A_refusal_is_told_in_a_sentence_that_quotes_nobody(int status, string sentence) =>
        await FaultsAsync(exchange => exchange.StatusAsync(status, $$$"""{"error":{"message":"{{{exchange.Json.GetProperty("input_prefix").GetString()![..5]}}}"}}"""), sentence);

    [Fact]
    public async Task A_reset_connection_does_not_stall() => await FaultsAsync(static exchange => exchange.ResetAsync(), "broke off the connection");

    [Fact]
    public async Task A_page_that_is_no_stream_is_refused() =>
        await FaultsAsync(static exchange => exchange.WholeAsync("200 OK", "text/html", "<html>Welcome to the hotel's network</html>"), "something else than it should");

    [Fact]
    public async Task Invalid_JSON_is_refused() => await FaultsAsync(EventsAsync("{\"content\":"), "something else than it should");

    [Fact]
    public async Task JSON_of_another_kind_is_refused() => await FaultsAsync(EventsAsync("""{"answer":42}"""), "something else than it should");

    [Fact]
    public async Task An_error_in_the_stream_is_told() => await FaultsAsync(EventsAsync("""{"error":{"code":500,"message":"def f(a)","type":"server_error"}}"""), "told of an error");

    [Fact]
    public async Task Ten_megabytes_of_garbage_are_not_read_to_their_end()
    {
        var sent = 0;
        await FaultsAsync(
            async exchange =>
            {
                await exchange.BeginEventsAsync();
                for (var piece = new string('x', 64 << 10); sent < 10 << 20; sent += piece.Length) await exchange.PieceAsync(piece);
            },
            "sent more than");

        Assert.InRange(sent, 1, 9 << 20);
    }

    [Fact]
    public async Task Half_an_event_leaves_the_text_before_it()
    {
        using var server = new ScriptedServer().AsLlama(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("whole");
            await exchange.PieceAsync("data: {\"content\":\"ha");
            await exchange.EndAsync();
        });
        using var bench = new RemoteBench(server.Url);

        var generation = await bench.RunAsync();

        Assert.Equal((FinishReason.Faulted, "whole"), (generation.Finish, generation.Text));
        Assert.Contains("broke off in the middle", generation.Last.Fault, StringComparison.Ordinal);
        await WorksAgainAsync(server, bench);
    }

    [Fact]
    public async Task A_reset_in_the_middle_leaves_the_text_before_it()
    {
        var read = new TaskCompletionSource();
        using var server = new ScriptedServer().AsLlama(async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("whole");
            await read.Task; // a reset takes with it what was not read
            await exchange.ResetAsync();
        });
        using var bench = new RemoteBench(server.Url);
        await using var reader = bench.Pool.GenerateAsync(RemoteBench.Request).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        Assert.Equal("whole", reader.Current.Text);
        read.SetResult();

        await reader.MoveNextAsync().AsTask().WaitAsync(Patience.Limit);

        Assert.Equal((FinishReason.Faulted, $"{Of(server)} broke off the connection."), (reader.Current.Finish, reader.Current.Fault));
        await WorksAgainAsync(server, bench);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up_after_the_limit()
    {
        var asked = new TaskCompletionSource();
        using var server = new ScriptedServer().AsLlama(async exchange =>
        {
            asked.SetResult();
            await exchange.ClosedAsync();
        });
        using var bench = new RemoteBench(server.Url);
        var running = bench.RunAsync();
        await asked.Task.WaitAsync(Patience.Limit);

        bench.Time.Advance(TimeSpan.FromSeconds(10));

        var generation = await running;
        Assert.Equal((FinishReason.Faulted, $"{Of(server)} gave no text within 10 s."), (generation.Finish, generation.Last.Fault));
        await WorksAgainAsync(server, bench);
    }

    [Fact]
    public async Task A_server_that_falls_silent_in_the_middle_leaves_what_it_said()
    {
        var closed = new TaskCompletionSource();
        using var server = new ScriptedServer().AsLlama(async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("whole");
            await exchange.ClosedAsync();
            closed.SetResult();
        });
        using var bench = new RemoteBench(server.Url);
        await using var reader = bench.Pool.GenerateAsync(RemoteBench.Request).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        var next = reader.MoveNextAsync();

        bench.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.True(await next.AsTask().WaitAsync(Patience.Limit));
        Assert.Equal((FinishReason.Faulted, $"{Of(server)} fell silent in the middle of its answer."), (reader.Current.Finish, reader.Current.Fault));
        await closed.Task.WaitAsync(Patience.Limit);
        await WorksAgainAsync(server, bench);
    }

    [Fact]
    public async Task The_deadline_ends_it_with_what_there_is()
    {
        using var server = new ScriptedServer().AsLlama(static async exchange =>
        {
            await exchange.BeginEventsAsync();
            await exchange.TextAsync("whole");
            await exchange.ClosedAsync();
        });
        using var bench = new RemoteBench(server.Url);
        await using var reader = bench.Pool.GenerateAsync(RemoteBench.Request with { Deadline = TimeSpan.FromSeconds(1) }).GetAsyncEnumerator();
        await reader.MoveNextAsync();
        var next = reader.MoveNextAsync();

        bench.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await next.AsTask().WaitAsync(Patience.Limit));
        Assert.Equal((FinishReason.Deadline, null), (reader.Current.Finish, reader.Current.Fault));
    }

    [Fact]
    public async Task Where_nobody_listens_that_is_said()
    {
        using var bench = new RemoteBench(Unused());

        var generation = await bench.RunAsync();

        Assert.Equal(FinishReason.Faulted, generation.Finish);
        Assert.Contains("refuses connections: nothing listens there", generation.Last.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_does_not_answer_is_given_up_after_the_connection_s_limit()
    {
        var time = new ManualTime();
        var dialled = new TaskCompletionSource();
        using var connection = new RemoteConnection(new Uri("http://10.1.2.3:8012"), null, TimeSpan.FromSeconds(2), time, async (_, ended) =>
        {
            dialled.SetResult();
            await Task.Delay(Timeout.Infinite, ended);
            return Stream.Null;
        });
        var asking = connection.CheckAsync("health", CancellationToken.None);
        await dialled.Task.WaitAsync(Patience.Limit);

        time.Advance(TimeSpan.FromSeconds(2));

        var problem = await Assert.ThrowsAsync<RemoteException>(() => asking.WaitAsync(Patience.Limit));
        Assert.Equal("http://10.1.2.3:8012 can't be reached: nothing came back within 2 s. Is the address right, and the machine on?", problem.Message);
    }

    [Fact]
    public async Task A_connection_that_was_given_up_meanwhile_is_tried_once_more()
    {
        var count = 0;
        using var server = new ScriptedServer().AsLlama(exchange => Interlocked.Increment(ref count) == 1 ? exchange.ResetAsync() : exchange.AnswerAsync("a", "b"));
        using var bench = new RemoteBench(server.Url);

        var generation = await bench.RunAsync();

        Assert.Equal((FinishReason.EndOfText, "ab", 2), (generation.Finish, generation.Text, server.Completions));
    }

    [Fact]
    public async Task A_server_that_fails_again_and_again_is_left_alone_for_a_while()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(500));
        using var bench = new RemoteBench(server.Url);
        for (var i = 0; i < 4; i++) await bench.RunAsync();

        var generation = await bench.RunAsync();

        Assert.Contains("again and again", generation.Last.Fault, StringComparison.Ordinal);
        Assert.Equal(4, server.Completions);
    }

    [Fact]
    public async Task A_key_goes_to_the_server_and_into_no_sentence()
    {
        using var server = new ScriptedServer().AsLlama(static exchange => exchange.StatusAsync(401, """{"error":{"message":"Incorrect key: top-secret"}}"""));
        var options = new RemoteOptions([server.Url]) { Key = new RemoteKey("top-secret") };
        using var bench = new RemoteBench(options);

        var generation = await bench.RunAsync();

        Assert.Contains("Authorization: Bearer top-secret", server.LastCompletion.Headers);
        Assert.DoesNotContain("top-secret", $"{generation.Last.Fault}{options}{string.Join('\n', bench.Log)}", StringComparison.Ordinal);
    }

    private static Uri Unused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    private static string Of(ScriptedServer server) => server.Url.GetLeftPart(UriPartial.Authority);

    private static Func<ScriptedExchange, Task> EventsAsync(string data) => async exchange =>
    {
        await exchange.BeginEventsAsync();
        await exchange.EventAsync(data);
        await exchange.EndAsync();
    };

    private static async Task FaultsAsync(Func<ScriptedExchange, Task> answer, string sentence)
    {
        using var server = new ScriptedServer().AsLlama(answer);
        using var bench = new RemoteBench(server.Url);

        var generation = await bench.RunAsync();

        Assert.Equal((FinishReason.Faulted, ""), (generation.Finish, generation.Text));
        Assert.Contains(sentence, generation.Last.Fault, StringComparison.Ordinal);
        Assert.StartsWith(Of(server), generation.Last.Fault, StringComparison.Ordinal);
        Assert.DoesNotContain("def f", generation.Last.Fault, StringComparison.Ordinal);
        await WorksAgainAsync(server, bench);
    }

    private static async Task WorksAgainAsync(ScriptedServer server, RemoteBench bench)
    {
        server.AsLlama(static exchange => exchange.AnswerAsync("a", "b"));
        Assert.Equal("ab", (await bench.RunAsync()).Text);
    }
}
