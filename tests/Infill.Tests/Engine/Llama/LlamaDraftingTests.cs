using Infill.Engine;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Llama;

/// <summary>Guessing ahead on the default model: blocks of this project's files are typed again below themselves.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class LlamaDraftingTests
{
    /// <summary>
    /// A batch of another shape adds up in another order: of 5,000 tokens' margins the median moved by 0.01, one in a thousand
    /// by 0.2, the most by 0.33. A plain choice that led by less than that may fall otherwise beside drafted tokens.
    /// </summary>
    private const float BatchNoise = 0.4f;

    private const int Prompts = 8;

    [Fact]
    public async Task A_text_parts_from_the_plain_one_only_where_two_tokens_nearly_tie()
    {
        var plain = await GenerateAsync(isSpeculating: false);
        var drafted = await GenerateAsync(isSpeculating: true);

        var noise = 0f;
        for (var i = 0; i < Prompts; i++)
        {
            var (alone, guessed) = (Tokens(plain[i]), Tokens(drafted[i]));
            var same = alone.Zip(guessed).TakeWhile(static pair => pair.First.Token == pair.Second.Token).ToList();
            foreach (var (first, second) in same) noise = Math.Max(noise, Math.Abs(first.Margin - second.Margin));
            if (same.Count == alone.Count && same.Count == guessed.Count) continue;
            TestContext.Current.TestOutputHelper?.WriteLine($"{i}: parted after {same.Count} tokens at a margin of {alone[same.Count].Margin}");
            Assert.InRange(alone[same.Count].Margin, 0, BatchNoise);
        }

        var (guesses, right) = (drafted.Sum(static each => each.Usage.DraftedTokens), drafted.Sum(static each => each.Usage.AcceptedTokens));
        TestContext.Current.TestOutputHelper?.WriteLine($"{right} of {guesses} guessed tokens were right; margins moved by {noise} at most");
        Assert.InRange(right, 20, guesses);
        Assert.All(plain, static each => Assert.Equal(0, each.Usage.DraftedTokens));
    }

    [Fact]
    public async Task On_a_processor_whose_kernels_add_up_alike_guesses_change_no_bit_however_long_the_context()
    {
        Assert.SkipWhen(await LargestDifferenceAsync(lines: 6) != 0, "This processor's kernels give a row other bits in a batch, or a GPU computes.");

        Assert.Equal(0, await LargestDifferenceAsync(lines: 60)); // 512 cells and more
    }

    /// <summary>By how much the scores of tokens differ that two threads computed with and without guesses; 1 where the texts differ.</summary>
    private static async Task<float> LargestDifferenceAsync(int lines)
    {
        var plain = await GenerateAsync(isSpeculating: false, lines, threads: 2);
        var drafted = await GenerateAsync(isSpeculating: true, lines, threads: 2);
        Assert.True(drafted.Sum(static each => each.Usage.AcceptedTokens) > 0);
        return plain.Zip(drafted).Max(static pair =>
        {
            var (alone, guessed) = (Tokens(pair.First), Tokens(pair.Second));
            var areSame = alone.Select(static token => token.Token).SequenceEqual(guessed.Select(static token => token.Token));
            return areSame ? alone.Zip(guessed).Max(static both => Math.Abs(both.First.Margin - both.Second.Margin)) : 1;
        });
    }

    // One thread: a second one that a busy machine pushes aside stops the first, and most of this measures nothing.
    private static async Task<List<Generation>> GenerateAsync(bool isSpeculating, int lines = 24, int threads = 1)
    {
        var options = new EngineOptions { Speculation = isSpeculating, MaxSequences = 2, Threads = threads };
        await using var engine = new CompletionEngine(DefaultModel.Load, options, new ManualTime(), NullLogger.Instance); // prompts are cut alike, whatever steps take
        var vocabulary = await engine.Ready.WaitAsync(Patience.Limit);
        var generations = new List<Generation>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Infill.Engine"), "*.cs").Order(StringComparer.Ordinal).Take(Prompts))
        {
            var text = await File.ReadAllLinesAsync(file);
            List<int> prompt = [vocabulary.Fim.Suffix!.Value, vocabulary.Fim.Prefix!.Value];
            vocabulary.Tokenize(string.Join('\n', [.. text.Take(lines), .. text.Skip(lines / 3).Take(4), ""]), prompt);
            prompt.Add(vocabulary.Fim.Middle!.Value);
            generations.Add(await EngineBench.ReadAsync(engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = 40, TraceMargins = true })));
            await AssertBooksAsync(engine);
        }

        return generations;
    }

    private static async Task AssertBooksAsync(CompletionEngine engine)
    {
        var books = await engine.InspectAsync(static loop => loop.Cache.Slots.Select(slot => (Believed: slot.Length, Held: loop.Model!.Length(slot.Id))).ToList());
        Assert.All(books, static slot => Assert.Equal(slot.Held, slot.Believed));
    }

    private static List<TracedToken> Tokens(Generation generation) =>
        [.. generation.Chunks.SelectMany(static chunk => chunk.Tokens)];
}
