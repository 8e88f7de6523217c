using Infill.Engine;
using Infill.Engine.Remote;
using Infill.Engine.Sampling;

namespace Infill.Tests.Engine.Conformance;

/// <summary>A server that makes text, and what can be known of it from outside.</summary>
public abstract class TextServer : IAsyncDisposable
{
    public abstract RemotePool Pool { get; }

    /// <summary>A place at which the server's model writes more than a few tokens.</summary>
    public abstract RemoteRequest Request { get; }

    /// <summary>One at which it is sure of its first tokens: real weights in another batch, or behind a cached prompt, add up in another order.</summary>
    public virtual RemoteRequest SureRequest => Request;

    /// <summary>Completes when the server works on nothing.</summary>
    public abstract Task QuietAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>
/// What every backend of text promises of <c>GenerateAsync</c>, whatever the server: every reason to stop closes the stream, and
/// the server then works on nothing. A server is held to it by a class that derives from this one.
/// </summary>
public abstract class TextConformance : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private TextServer _server = null!; // made by InitializeAsync

    protected abstract Task<TextServer> StartAsync();

    public async ValueTask InitializeAsync() => _server = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_last_chunk_and_no_other_says_why_it_ended_and_what_is_known_of_its_cost()
    {
        var chunks = await RunAsync(_server.Request with { MaxTokens = 4 });

        Assert.All(chunks.SkipLast(1), static chunk => Assert.Equal((FinishReason.None, null), (chunk.Finish, chunk.Reported)));
        Assert.Equal(FinishReason.TokenLimit, chunks[^1].Finish);
        Assert.NotEmpty(Text(chunks));
        Assert.All(chunks, static chunk => Assert.Null(chunk.Usage));
        Assert.Equal(4, chunks[^1].Reported!.GeneratedTokens);
        Assert.True(chunks[^1].Reported!.PromptTokens is null or > 0); // null where it isn't told, never 0
        await _server.QuietAsync();
    }

    [Fact]
    public async Task Every_token_comes_with_its_score_where_that_is_asked_for()
    {
        var chunks = await RunAsync(_server.Request with { MaxTokens = 4, ScoreTokens = true });

        var tokens = chunks.SelectMany(static chunk => chunk.Tokens).ToList();
        Assert.Equal(4, tokens.Count);
        Assert.All(tokens, static token => Assert.InRange(token.LogProbability, -50, 0));
        Assert.Equal(Text(chunks).Length, tokens.Sum(static token => token.Length));
    }

    [Fact]
    public async Task The_same_place_gives_the_same_text()
    {
        var asked = _server.Pool.GenerateAsync(_server.SureRequest with { MaxTokens = 6 });
        var first = Text(await ReadAsync(asked));

        Assert.Equal(first, Text(await ReadAsync(asked))); // two enumerations are two generations
    }

    [Fact]
    public async Task A_stop_string_ends_the_text_before_it()
    {
        var whole = Text(await RunAsync(_server.SureRequest with { MaxTokens = 8 }));
        var stop = whole.Substring(whole.Length / 2, 1);

        var chunks = await RunAsync(_server.SureRequest with { MaxTokens = 8, StopStrings = [stop] });

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], Text(chunks));
        Assert.Contains(chunks[^1].Finish, (FinishReason[])[FinishReason.StopRule, FinishReason.EndOfText]); // OpenAI's dialect has one word for both
        await _server.QuietAsync();
    }

    [Fact]
    public async Task A_stop_rule_that_has_heard_enough_closes_the_stream()
    {
        var chunks = await RunAsync(_server.Request with { MaxTokens = 400, StopRule = new Enough(characters: 3) });

        Assert.Equal(FinishReason.StopRule, chunks[^1].Finish);
        Assert.InRange(Text(chunks).Length, 3, 60); // a token or two, not four hundred
        await _server.QuietAsync();
    }

    [Fact]
    public async Task Cancelled_before_it_began_it_asks_for_nothing()
    {
        var chunks = await ReadAsync(_server.Pool.GenerateAsync(_server.Request, new CancellationToken(canceled: true)));

        Assert.Equal((FinishReason.Cancelled, ""), (chunks[^1].Finish, Text(chunks)));
        await _server.QuietAsync();
    }

    [Theory]
    [InlineData(FinishReason.Cancelled)]
    [InlineData(FinishReason.Superseded)]
    public async Task Stopped_in_the_middle_it_says_why_and_leaves_nothing_behind(FinishReason reason)
    {
        using var stop = new CancellationTokenSource();
        var request = _server.Request with { MaxTokens = 400, Superseded = reason == FinishReason.Superseded ? stop.Token : default };
        await using var reader = _server.Pool.GenerateAsync(request, reason == FinishReason.Cancelled ? stop.Token : default).GetAsyncEnumerator();
        await reader.MoveNextAsync().AsTask().WaitAsync(s_limit);
        await stop.CancelAsync();

        await reader.MoveNextAsync().AsTask().WaitAsync(s_limit);

        Assert.Equal(reason, reader.Current.Finish);
        Assert.False(await reader.MoveNextAsync());
        await _server.QuietAsync();
    }

    [Fact]
    public async Task A_deadline_that_is_over_ends_it()
    {
        var chunks = await RunAsync(_server.Request with { Deadline = TimeSpan.Zero });

        Assert.Equal(FinishReason.Deadline, chunks[^1].Finish);
        await _server.QuietAsync();
    }

    [Fact]
    public async Task Breaking_out_of_the_enumeration_closes_the_stream()
    {
        await foreach (var _ in _server.Pool.GenerateAsync(_server.Request with { MaxTokens = 400 })) break;

        await _server.QuietAsync();
    }

    [Fact]
    public async Task An_exception_in_the_loop_closes_the_stream_and_passes_on()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in _server.Pool.GenerateAsync(_server.Request with { MaxTokens = 400 })) throw new InvalidOperationException();
        });

        await _server.QuietAsync();
    }

    [Fact]
    public async Task Many_at_once_get_each_their_own_text()
    {
        var alone = Text(await RunAsync(_server.SureRequest with { MaxTokens = 6 }));

        var texts = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => Text(await RunAsync(_server.SureRequest with { MaxTokens = 6 }))));

        Assert.All(texts, text => Assert.Equal(alone, text));
        await _server.QuietAsync();
    }

    private Task<List<GenerationChunk>> RunAsync(RemoteRequest request) => ReadAsync(_server.Pool.GenerateAsync(request));

    private static string Text(List<GenerationChunk> chunks) => string.Concat(chunks.Select(static chunk => chunk.Text));

    private static Task<List<GenerationChunk>> ReadAsync(IAsyncEnumerable<GenerationChunk> chunks)
    {
        return ReadToEndAsync().WaitAsync(s_limit);

        async Task<List<GenerationChunk>> ReadToEndAsync()
        {
            var read = new List<GenerationChunk>();
            await foreach (var chunk in chunks) read.Add(chunk);
            return read;
        }
    }

    private sealed class Enough(int characters) : IStopRule
    {
        private int _heard;

        public bool IsEnough(ReadOnlySpan<char> text, float logProbability) => (_heard += text.Length) >= characters;
    }
}
