using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>A reader may be as slow as it likes: it loses nothing, holds up nobody, and what piled up comes at once.</summary>
public sealed class StreamingTests
{
    [Fact]
    public async Task A_reader_that_keeps_up_gets_each_piece_as_it_comes()
    {
        var stream = new TextStream();
        await using var reader = stream.ReadAllAsync().GetAsyncEnumerator();
        var read = new List<string>();
        foreach (var piece in new[] { "a", "b" })
        {
            if (stream.Write(piece, null)) stream.Tell();
            await reader.MoveNextAsync();
            read.Add(reader.Current.Text);
        }

        stream.Complete(new GenerationChunk("", FinishReason.EndOfText));
        await reader.MoveNextAsync();

        Assert.Equal(["a", "b"], read);
        Assert.Equal(("", FinishReason.EndOfText), (reader.Current.Text, reader.Current.Finish));
        Assert.False(await reader.MoveNextAsync());
    }

    [Fact]
    public async Task Text_that_nobody_has_read_comes_as_one_chunk()
    {
        var stream = new TextStream();
        foreach (var piece in new[] { "a", "b", "c" }) stream.Write(piece, null);
        await using var reader = stream.ReadAllAsync().GetAsyncEnumerator();

        await reader.MoveNextAsync();

        Assert.Equal(("abc", FinishReason.None), (reader.Current.Text, reader.Current.Finish));
    }

    [Fact]
    public async Task Where_all_is_there_the_last_chunk_is_the_only_one()
    {
        var stream = new TextStream();
        stream.Write("a", new TracedToken(1, 0.5f));
        stream.Write("", new TracedToken(2, 0.25f));
        stream.Complete(new GenerationChunk("b", FinishReason.EndOfText) { Tokens = [new TracedToken(3, 2)] });

        var chunks = new List<GenerationChunk>();
        await foreach (var chunk in stream.ReadAllAsync()) chunks.Add(chunk);

        var only = Assert.Single(chunks);
        Assert.Equal(("ab", FinishReason.EndOfText), (only.Text, only.Finish));
        Assert.Equal([new(1, 0.5f), new(2, 0.25f), new TracedToken(3, 2)], only.Tokens);
    }

    [Fact]
    public async Task A_reader_that_waits_is_woken_by_the_first_piece()
    {
        var stream = new TextStream();
        await using var reader = stream.ReadAllAsync().GetAsyncEnumerator();
        var waiting = reader.MoveNextAsync().AsTask();
        Assert.False(waiting.IsCompleted);

        stream.Write("a", null);

        Assert.True(await waiting.WaitAsync(Patience.Limit));
        Assert.Equal("a", reader.Current.Text);
    }

    [Fact]
    public async Task Of_later_pieces_a_reader_hears_when_it_is_told()
    {
        var stream = new TextStream();
        await using var reader = stream.ReadAllAsync().GetAsyncEnumerator();
        stream.Write("a", null);
        await reader.MoveNextAsync();
        var waiting = reader.MoveNextAsync().AsTask();

        var isNews = stream.Write("b", null);
        stream.Write("c", null);
        Assert.False(waiting.IsCompleted);
        stream.Tell();

        Assert.True(isNews);
        Assert.True(await waiting.WaitAsync(Patience.Limit));
        Assert.Equal("bc", reader.Current.Text);
    }

    [Fact]
    public async Task An_end_is_heard_of_at_once_and_no_more_is_told_after_it()
    {
        var stream = new TextStream();
        await using var reader = stream.ReadAllAsync().GetAsyncEnumerator();
        stream.Write("a", null);
        await reader.MoveNextAsync();
        stream.Write("b", null);

        stream.Complete(new GenerationChunk("c", FinishReason.EndOfText));
        stream.Tell();

        Assert.True(await reader.MoveNextAsync().AsTask().WaitAsync(Patience.Limit));
        Assert.Equal(("bc", FinishReason.EndOfText), (reader.Current.Text, reader.Current.Finish));
        Assert.False(await reader.MoveNextAsync());
    }

    [Fact]
    public async Task What_a_step_gave_is_read_while_the_next_one_runs()
    {
        await using var bench = await EngineBench.StartAsync();
        var third = bench.Model.HoldStep(3);
        await using var reader = bench.Engine.GenerateAsync(new GenerationRequest(Prompts.Bytes("prompt")) { MaxTokens = 5 }).GetAsyncEnumerator();
        var text = "";
        while (text.Length < 2)
        {
            Assert.True(await reader.MoveNextAsync().AsTask().WaitAsync(Patience.Limit));
            text += reader.Current.Text;
        }

        await third.Reached.WaitAsync(Patience.Limit);
        third.Open();
        Assert.Equal(2, text.Length); // steps 1 and 2; the third has given nothing yet
    }

    [Fact]
    public async Task A_reader_that_stands_still_blocks_nobody_and_gets_the_rest_in_one_chunk()
    {
        await using var bench = await EngineBench.StartAsync();
        var slowPrompt = Prompts.Bytes("slow");
        var second = bench.Model.HoldStep(2); // else all might be there before the first read
        await using var slow = bench.Engine.GenerateAsync(new GenerationRequest(slowPrompt) { MaxTokens = 200, TraceTokens = true }).GetAsyncEnumerator();
        await slow.MoveNextAsync();
        second.Open();
        var text = slow.Current.Text;
        var tokens = slow.Current.Tokens.Count;
        var last = FinishReason.None;

        var other = await bench.RunAsync(new GenerationRequest(Prompts.Bytes("other")) { MaxTokens = 300 });
        await bench.AssertQuietAsync();
        var chunks = 0;
        while (await slow.MoveNextAsync())
        {
            chunks++;
            text += slow.Current.Text;
            tokens += slow.Current.Tokens.Count;
            last = slow.Current.Finish;
        }

        Assert.Equal((FinishReason.TokenLimit, FinishReason.TokenLimit), (other.Finish, last));
        Assert.Equal((1, 200, bench.Model.TextAfter(slowPrompt, 200)), (chunks, tokens, text));
    }

    [Fact]
    public async Task A_code_point_of_several_tokens_comes_whole_to_a_reader_that_waits_for_every_byte()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("a😀") });
        var gates = Enumerable.Range(1, 6).Select(bench.Model.HoldStep).ToList();
        var running = bench.RunAsync(new GenerationRequest(Prompts.Fim("x")));
        foreach (var gate in gates)
        {
            await gate.Reached;
            gate.Open();
        }

        var generation = await running;

        Assert.Equal("a😀", generation.Text);
        Assert.All(generation.Chunks, static chunk => Assert.True(chunk.Text.Length == 0 || !char.IsHighSurrogate(chunk.Text[^1])));
    }
}
