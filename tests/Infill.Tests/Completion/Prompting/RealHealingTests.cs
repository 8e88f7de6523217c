using System.Text;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Tests.Engine;
using Infill.Tests.Engine.Llama;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Completion.Prompting;

/// <summary>On the default model: bytes are exact at every cursor, and keys inside a word cost next to nothing.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class RealHealingTests
{
    private const string Code = "def total(prices):\n    résumé = '漢字 🙂'\n    for price in prices:\n        result += price.amount\n    return result\n";

    private static readonly PromptOptions s_healing = PromptOptions.Default with { Healing = true };

    [Theory]
    [InlineData("infill")]
    [InlineData("qwen")]
    public async Task At_every_cursor_the_tokens_chosen_spell_what_is_there_and_then_the_text(string template)
    {
        await using var engine = Engine(isSpeculating: true);
        var vocabulary = await engine.Ready.WaitAsync(TestEditor.Limit);
        var prompts = new PromptBuilder(vocabulary, FimTemplates.Named(template)!);
        var text = SourceText.From(Code);
        for (var cursor = 1; cursor < Code.Length; cursor += 2)
        {
            if (char.IsLowSurrogate(Code[cursor])) continue;
            var request = prompts.Request(text, cursor, new FileNames("a.py"), s_healing) with { MaxTokens = 10, TraceTokens = true };

            var generation = await EngineBench.ReadAsync(engine.GenerateAsync(request));

            byte[] spelled = [.. generation.Chunks.SelectMany(static chunk => chunk.Tokens).SelectMany(token => vocabulary.Piece(token.Token).ToArray())];
            var start = request.Start.ToArray();
            Assert.Equal(start, spelled[..start.Length]);
            Assert.StartsWith(generation.Text, Encoding.UTF8.GetString(spelled.AsSpan(start.Length)), StringComparison.Ordinal);
            byte[] before = [.. request.Prompt.Take(request.Continued!.Value).SelectMany(token => vocabulary.Piece(token).ToArray()), .. start];
            Assert.Equal(Code[..cursor], Encoding.UTF8.GetString(before));
        }
    }

    [Theory]
    [InlineData("infill")]
    [InlineData("qwen")]
    public async Task Keys_inside_a_word_compute_one_token_of_the_prompt_in_either_order(string template)
    {
        await using var engine = Engine(isSpeculating: false);
        var vocabulary = await engine.Ready.WaitAsync(TestEditor.Limit);
        var prompts = new PromptBuilder(vocabulary, FimTemplates.Named(template)!);
        var computed = new List<int>();
        foreach (var typed in new[] { " r", " re", " ret", " retu" })
        {
            var before = "def total(prices):\n   " + typed;
            var request = prompts.Request(SourceText.From(before + "\n\nprint(total([]))\n"), before.Length, new FileNames("a.py"), s_healing) with { MaxTokens = 4 };
            var generation = await EngineBench.ReadAsync(engine.GenerateAsync(request));
            computed.Add(generation.Usage.PromptTokens - generation.Usage.CachedTokens);
        }

        Assert.Equal([1, 1, 1], computed[1..]);
    }

    [Fact]
    public async Task A_word_that_is_half_typed_is_finished()
    {
        await using var engine = Engine(isSpeculating: false);
        var vocabulary = await engine.Ready.WaitAsync(TestEditor.Limit);
        var prompts = new PromptBuilder(vocabulary, FimTemplate.For(vocabulary));
        const string Before = "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    retu";

        var generation = await EngineBench.ReadAsync(engine.GenerateAsync(
            prompts.Request(SourceText.From(Before + "\n"), Before.Length, new FileNames("a.py"), s_healing) with { MaxTokens = 4 }));

        Assert.StartsWith("rn result", generation.Text, StringComparison.Ordinal);
    }

    private static CompletionEngine Engine(bool isSpeculating) => new(
        DefaultModel.Load, new EngineOptions { MaxSequences = 2, Threads = 1, Speculation = isSpeculating }, TimeProvider.System, NullLogger.Instance);
}
