using Infill.Server.Benchmarking.Peers;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Benchmarking;

public sealed class PeerTests
{
    [Theory]
    [InlineData("usual=http://127.0.0.1:8081", "usual", "http://127.0.0.1:8081/")]
    [InlineData("http://127.0.0.1:8081", "peer", "http://127.0.0.1:8081/")]
    [InlineData("http://127.0.0.1:8081/?a=b", "peer", "http://127.0.0.1:8081/?a=b")]
    public void A_peer_is_an_URL_with_or_without_a_name(string argument, string name, string url)
    {
        Assert.True(Peer.TryParse(argument, out var peer));

        Assert.Equal((name, url), (peer.Name, peer.Url.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("usual=")]
    [InlineData("127.0.0.1:8081")]
    [InlineData("file:///etc/hosts")]
    [InlineData("infill=http://127.0.0.1:8081")]
    [InlineData("bare loop=http://127.0.0.1:8081")]
    public void What_is_none_is_refused(string argument) => Assert.False(Peer.TryParse(argument, out _));

    [Fact]
    public async Task A_stream_gives_each_event_s_text_and_what_the_prompt_cost()
    {
        using var server = new ScriptedPeer("""{"content":"re","tokens":[1],"stop":false,"timings":{"prompt_n":7,"cache_n":90}}""", """{"content":"turn é\n","stop":false}""", """{"content":"","stop":true}""");
        using var client = new PeerClient(new Peer("peer", server.Url));

        var chunks = new List<PeerChunk>();
        await foreach (var chunk in client.StreamAsync(new PeerInfill("a", "b", "") { MaxTokens = 5 })) chunks.Add(chunk);

        Assert.Equal(["re", "turn é\n", ""], chunks.Select(static chunk => chunk.Content));
        Assert.Equal((7, 90), (chunks[0].Timings!.PromptN, chunks[0].Timings!.CacheN));
        Assert.True(chunks[^1].Stop);
    }

    [Fact]
    public async Task A_request_whose_connection_the_server_closed_without_a_word_is_sent_again()
    {
        using var server = new ScriptedPeer("""{"content":"a","stop":true}""") { HangsUpFirst = true };
        using var client = new PeerClient(new Peer("peer", server.Url));

        var chunks = new List<PeerChunk>();
        await foreach (var chunk in client.StreamAsync(new PeerInfill("a", "b", ""))) chunks.Add(chunk);

        Assert.Equal("a", Assert.Single(chunks).Content);
    }

    [Fact]
    public async Task A_request_says_what_llama_server_expects()
    {
        using var server = new ScriptedPeer("""{"content":"","stop":true}""");
        using var client = new PeerClient(new Peer("peer", server.Url));

        await foreach (var _ in client.StreamAsync(new PeerInfill("a", "b", "") { MaxTokens = 5 }))
        {
        }

        var (path, body) = await server.Request.WaitAsync(TestEditor.Limit);
        Assert.Equal("/infill", path);
        Assert.Equal(
            """{"input_prefix":"a","input_suffix":"b","prompt":"","n_predict":5,"temperature":0,"stream":true,"cache_prompt":true,"timings_per_token":true,"top_k":1,"samplers":["top_k"]}""",
            body);
    }

    [Fact]
    public async Task Leaving_a_stream_closes_its_connection()
    {
        using var server = new ScriptedPeer("""{"content":"a","stop":false}""") { StaysOpen = true };
        using var client = new PeerClient(new Peer("peer", server.Url));

        await foreach (var _ in client.StreamAsync(new PeerInfill("a", "b", ""))) break;

        await server.Closed.WaitAsync(TestEditor.Limit);
    }

    [Fact]
    public async Task A_peer_that_is_not_there_is_told_in_a_sentence()
    {
        Uri url;
        using (var server = new ScriptedPeer()) url = server.Url;
        using var client = new PeerClient(new Peer("usual", url));

        var problem = await Assert.ThrowsAsync<PeerException>(() => client.ConnectAsync(CancellationToken.None));

        Assert.StartsWith($"usual ({url}) can't be measured: ", problem.Message, StringComparison.Ordinal);
    }
}
