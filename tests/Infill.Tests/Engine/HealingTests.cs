using System.Text;
using Infill.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Engine;

/// <summary>A text that must begin with bytes that its reader has already.</summary>
public sealed class HealingTests
{
    private static readonly ByteVocabulary s_words = new() { Words = [" re", " return", " returns", "turn", "🙂"] };

    [Fact]
    public async Task What_the_reader_has_is_not_given_out_again()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("return x") });

        var generation = await bench.RunAsync(Request("ret"));

        Assert.Equal("urn x", generation.Text);
        Assert.Equal(FinishReason.EndOfText, generation.Finish);
    }

    [Fact]
    public async Task A_model_that_would_begin_otherwise_has_to_begin_so()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("XXXurn y") });

        var generation = await bench.RunAsync(Request("ret") with { TraceTokens = true });

        Assert.Equal("urn y", generation.Text);
        Assert.Equal("return y"u8.ToArray(), generation.Chunks.SelectMany(static chunk => chunk.Tokens).Where(static token => token.Token < 256).Select(static token => (byte)token.Token));
    }

    [Theory]
    [InlineData(" re", "turn")]  // the whole word is liked best, and goes beyond what is there
    [InlineData(" ret", "urn")]
    [InlineData(" return", "")]
    [InlineData(" returnx", "")] // only a part of what is there
    public async Task A_token_may_reach_beyond_what_is_there_or_not_to_its_end(string start, string first)
    {
        var liked = s_words.Word(" return");
        await using var bench = await EngineBench.StartAsync(new ScriptedModel
        {
            Vocabulary = s_words,
            Rule = static tokens => tokens[^1] == ByteVocabulary.Middle ? 'Z' : ByteVocabulary.End,
            Liking = token => token == liked ? 5 : 0,
        });

        var generation = await bench.RunAsync(Request(start) with { TraceTokens = true });

        Assert.Equal(liked, generation.Chunks.SelectMany(static chunk => chunk.Tokens).First().Token);
        Assert.Equal(first, generation.Text);
    }

    [Fact]
    public async Task Of_the_tokens_that_agree_the_likeliest_is_taken()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel
        {
            Vocabulary = s_words,
            Rule = static tokens => tokens[^1] == ByteVocabulary.Middle ? 'Z' : ByteVocabulary.End,
            Liking = token => token == s_words.Word(" returns") ? 3 : token == s_words.Word(" return") ? 2 : token == s_words.Word("turn") ? 9 : 0,
        });

        Assert.Equal("urns", (await bench.RunAsync(Request(" ret"))).Text);
    }

    [Fact]
    public async Task Bytes_that_begin_inside_a_character_are_matched_as_bytes()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says([0x99, 0x82, .. "é!"u8]) });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { Start = new byte[] { 0x99, 0x82 } });

        Assert.Equal("é!", generation.Text);
    }

    [Fact]
    public async Task A_text_that_no_tokens_spell_ends_at_once()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Vocabulary = new Toothless(), Rule = ScriptedModel.Says("xyz") });

        var generation = await bench.RunAsync(Request("abc"));

        Assert.Equal(("", FinishReason.EndOfText), (generation.Text, generation.Finish));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Stop_strings_and_the_token_limit_count_what_is_given_out_and_what_was_chosen()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("a\nb\nc") });

        var stopped = await bench.RunAsync(Request("a\n") with { StopStrings = ["\n"] });
        var limited = await bench.RunAsync(Request("a\n") with { MaxTokens = 3 });

        Assert.Equal(("b", FinishReason.StopRule), (stopped.Text, stopped.Finish));
        Assert.Equal(("b", FinishReason.TokenLimit), (limited.Text, limited.Finish));
    }

    [Fact]
    public async Task A_sampled_text_begins_so_too()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.DependsOnAll });

        var generation = await bench.RunAsync(Request("QUOTE") with
        {
            MaxTokens = 20,
            TraceTokens = true,
            Sampling = new SamplingOptions { Temperature = 2, TopP = 1, Seed = 7 },
        });

        var tokens = generation.Chunks.SelectMany(static chunk => chunk.Tokens).Select(static token => (byte)token.Token).ToArray();
        Assert.Equal("QUOTE"u8.ToArray(), tokens[..5]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_at_once_each_begin_as_they_must_and_go_on_as_they_would_alone(bool isSpeculating)
    {
        var starts = new[] { "", "a", "ab", "Zebra", "return self.", "🙂", "\t\t" };
        var options = new EngineOptions { Speculation = isSpeculating };
        var alone = new List<string>();
        foreach (var start in starts)
        {
            await using var single = await EngineBench.StartAsync(new ScriptedModel(), new EngineOptions { Speculation = false });
            alone.Add((await single.RunAsync(Request(start) with { MaxTokens = 40 })).Text);
        }

        await using var bench = await EngineBench.StartAsync(new ScriptedModel(), options);
        var together = await Task.WhenAll(starts.Select(start => bench.RunAsync(Request(start) with { MaxTokens = 40, DraftHints = Prompts.Bytes(start + "wrong guess") })));

        Assert.Equal(alone, together.Select(static generation => generation.Text));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Guesses_begin_when_the_text_is_free_and_change_nothing()
    {
        const string Text = "return self.value + self.value + self.value";
        var model = new ScriptedModel { Rule = ScriptedModel.Says(Text) };
        await using var bench = await EngineBench.StartAsync(model);

        var generation = await bench.RunAsync(Request("return") with { DraftHints = Prompts.Bytes(Text), MaxTokens = 64 });

        Assert.Equal(Text[6..], generation.Text);
        Assert.True(generation.Usage.AcceptedTokens > 0);
    }

    [Fact]
    public async Task Keys_inside_a_word_ask_the_same_prompt_and_compute_one_token_of_it()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says(" return") });

        var computed = new List<int>();
        foreach (var typed in new[] { " ", " r", " re", " ret" })
        {
            var generation = await bench.RunAsync(Request(typed));
            Assert.Equal(" return"[typed.Length..], generation.Text);
            computed.Add(generation.Usage.PromptTokens - generation.Usage.CachedTokens);
        }

        Assert.Equal([1, 1, 1], computed[1..]);
    }

    private static GenerationRequest Request(string start) => new(Prompts.Fim("def f():")) { Start = Encoding.UTF8.GetBytes(start) };

    /// <summary>Lacks the byte that the text goes on with.</summary>
    private sealed class Toothless : IVocabulary
    {
        private readonly ByteVocabulary _inner = new();

        public string ModelName => _inner.ModelName;

        public int Size => _inner.Size;

        public FimTokens Fim => _inner.Fim;

        public int? BeginningOfText => null;

        public int? FindSpecial(string spelling) => _inner.FindSpecial(spelling);

        public bool IsEndOfGeneration(int token) => _inner.IsEndOfGeneration(token);

        public void Tokenize(ReadOnlySpan<char> text, List<int> tokens) => _inner.Tokenize(text, tokens);

        public ReadOnlySpan<byte> Piece(int token) => token == 'b' ? [] : _inner.Piece(token);
    }
}
