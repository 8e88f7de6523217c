using System.Text;
using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Drafting;

/// <summary>Guessing ahead, on the scripted model: the text is the plain one, whatever was guessed.</summary>
public sealed class DraftingTests
{
    private const string Block = "let total = first + second * third;\nreturn total.rounded(up: true);\n";

    [Fact]
    public async Task A_block_that_stands_above_is_copied_in_a_few_steps()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block[4..]) });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim(Block + "{ }\n" + Block[..4])) { MaxTokens = 96 });

        Assert.Equal((Block[4..], FinishReason.EndOfText), (generation.Text, generation.Finish));
        Assert.InRange(bench.Model.Steps, 2, Block.Length / 4);
        Assert.InRange(generation.Usage.AcceptedTokens, Block.Length / 2, generation.Usage.DraftedTokens);
        Assert.Equal(Block.Length - 4 + 1, generation.Usage.GeneratedTokens);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task What_the_caller_expects_is_tried_first()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block) });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { MaxTokens = 96, DraftHints = Prompts.Bytes(Block) });

        Assert.Equal(Block, generation.Text);
        Assert.InRange(bench.Model.Steps, 2, Block.Length / 4);
        Assert.StartsWith("0:2+1~", bench.Model.Log.ElementAt(1), StringComparison.Ordinal); // in the first step after the prompt's
    }

    [Fact]
    public async Task In_a_prefix_first_prompt_the_text_goes_on_from_the_prefix()
    {
        List<int> prompt = [ByteVocabulary.Prefix, .. Prompts.Bytes(Block + Block[..9]), ByteVocabulary.Suffix, .. Prompts.Bytes("}\nanother thing\n"), ByteVocabulary.Middle];
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block[9..]) });

        var generation = await bench.RunAsync(new GenerationRequest(prompt) { MaxTokens = 96 });

        Assert.Equal(Block[9..], generation.Text);
        Assert.InRange(generation.Usage.AcceptedTokens, Block.Length / 2, Block.Length);
    }

    [Theory]
    [InlineData("third", 24)]
    [InlineData("\n", 24)]
    [InlineData("zzz", 12)]
    [InlineData("zzz", 17)]
    [InlineData("zzz", 64)]
    public async Task A_stop_inside_what_was_guessed_right_ends_the_text_there_and_nothing_beyond_it_stays(string stop, int maxTokens)
    {
        var request = new GenerationRequest(Prompts.Fim(Block + Block[..18])) { MaxTokens = maxTokens, StopStrings = [stop] };
        var (plain, plainCells) = await RunAsync(isSpeculating: false);
        var (drafted, cells) = await RunAsync(isSpeculating: true);

        Assert.Equal((plain.Text, plain.Finish, plain.Usage.GeneratedTokens), (drafted.Text, drafted.Finish, drafted.Usage.GeneratedTokens));
        Assert.Equal(plainCells, cells);

        async Task<(Generation, int)> RunAsync(bool isSpeculating)
        {
            await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block[18..]) }, new EngineOptions { Speculation = isSpeculating });
            var generation = await bench.RunAsync(request);
            await bench.AssertQuietAsync();
            Assert.Equal(isSpeculating, generation.Usage.DraftedTokens > 0);
            return (generation, bench.Model.CellsHeld);
        }
    }

    [Fact]
    public async Task A_model_that_can_t_forget_a_wrong_guess_is_asked_once_and_its_text_is_right_all_the_same()
    {
        var text = "abcdefgh-abcdefgX-abcdefgY-abcdefgZ-";
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(text), RefusesPartialTruncation = true });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("xyz")) { MaxTokens = 64, DraftHints = Prompts.Bytes("abcdefghijkl") });

        Assert.Equal(text, generation.Text);
        Assert.Single(bench.Model.Log, static step => step.Contains('~', StringComparison.Ordinal));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Where_two_tokens_nearly_tie_a_step_without_guesses_decides()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block), IsNearTie = static token => token == '*' });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { MaxTokens = 96, DraftHints = Prompts.Bytes(Block) });

        var asterisk = 2 + Block.IndexOf('*', StringComparison.Ordinal); // behind the prompt's two tokens
        Assert.Equal(Block, generation.Text);
        Assert.Equal([$"0:{asterisk - 1}+1"], bench.Model.Log.Where(step => step.StartsWith($"0:{asterisk - 1}+", StringComparison.Ordinal)));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Where_nearly_all_choices_are_ties_guessing_turns_itself_off()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block), IsNearTie = static _ => true });

        var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { MaxTokens = 96, DraftHints = Prompts.Bytes(Block) });

        Assert.Equal(Block, generation.Text);
        Assert.InRange(bench.Model.Log.Count(static step => step.Contains('~', StringComparison.Ordinal)), 1, 12);
        await bench.AssertQuietAsync();
    }

    [Theory]
    [InlineData(0f, true)]
    [InlineData(0.001f, false)] // it was not the same to the bit
    public async Task Where_a_plain_step_always_says_the_same_to_the_bit_it_is_no_longer_asked(float noise, bool isBelieved)
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel
        {
            Rule = Follows(Block),
            IsNearTie = static token => token is ' ' or 'r',
            AddsUpAlike = true,
            BatchNoise = noise,
        });
        for (var i = 0; i < 10; i++)
        {
            var generation = await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { MaxTokens = 96, DraftHints = Prompts.Bytes(Block) });
            Assert.Equal(Block, generation.Text);
        }

        var before = bench.Model.Steps;
        await bench.RunAsync(new GenerationRequest(Prompts.Fim("x")) { MaxTokens = 96, DraftHints = Prompts.Bytes(Block) });

        Assert.Equal(isBelieved, bench.Model.Steps - before < 10);
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task A_draw_is_never_guessed()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block) });
        var request = new GenerationRequest(Prompts.Fim(Block)) { MaxTokens = 64, DraftHints = Prompts.Bytes(Block) };

        var generation = await bench.RunAsync(request with { Sampling = new SamplingOptions { Temperature = 0.5f } });

        Assert.Equal(0, generation.Usage.DraftedTokens);
    }

    [Theory]
    [InlineData(false)] // more tokens cost a processor more time, whose they are
    [InlineData(true)]
    public async Task Several_that_decode_together_are_guessed_for_on_a_device_alone_and_all_by_as_much(bool isOnDevice)
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block), IsOnDevice = isOnDevice });

        var generations = await RunTogetherAsync(
            bench,
            new GenerationRequest(Prompts.Fim(Block)) { MaxTokens = 96, DraftHints = Prompts.Bytes(Block) },
            new GenerationRequest(Prompts.Fim("nothing to copy")) { MaxTokens = 96 });

        Assert.Equal([Block, Block], generations.Select(static generation => generation.Text));
        var together = bench.Model.Log.Where(static step => step.Contains(' ', StringComparison.Ordinal) && step.Contains('~', StringComparison.Ordinal)).ToList();
        Assert.Equal(isOnDevice, together.Count > 0);
        Assert.All(together, static step => Assert.Single(step.Split(' ').Select(static slice => slice[slice.IndexOf('+', StringComparison.Ordinal)..]).Distinct()));
        await bench.AssertQuietAsync();
    }

    [Fact]
    public async Task Beside_one_that_draws_nothing_is_guessed()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Follows(Block), IsOnDevice = true });
        var request = new GenerationRequest(Prompts.Fim(Block)) { MaxTokens = 40, DraftHints = Prompts.Bytes(Block) };

        await RunTogetherAsync(bench, request, request with { Sampling = new SamplingOptions { Temperature = 0.5f } });

        Assert.DoesNotContain(bench.Model.Log, static step => step.Contains(' ', StringComparison.Ordinal) && step.Contains('~', StringComparison.Ordinal));
    }

#pragma warning disable CA5394 // repeatable by seed
    [Theory]
    [InlineData(false)] // one after another on a processor
    [InlineData(true)]  // at once on a device
    public async Task Whatever_is_guessed_text_tokens_and_books_are_the_plain_ones(bool areTogether)
    {
        var random = new Random(11);
        var (drafted, accepted) = (0, 0);
        for (var round = 0; round < 300; round++)
        {
            var seed = random.Next();
            var plain = await RunAsync(seed, isSpeculating: false, areTogether);
            var guessed = await RunAsync(seed, isSpeculating: true, areTogether);

            for (var i = 0; i < plain.Count; i++)
            {
                Assert.Equal((plain[i].Text, plain[i].Finish), (guessed[i].Text, guessed[i].Finish));
                Assert.Equal(plain[i].Chunks.SelectMany(static chunk => chunk.Tokens), guessed[i].Chunks.SelectMany(static chunk => chunk.Tokens));
                Assert.Equal(Count(plain[i].Usage), Count(guessed[i].Usage));
                Assert.Equal(0, plain[i].Usage.DraftedTokens);
                drafted += guessed[i].Usage.DraftedTokens;
                accepted += guessed[i].Usage.AcceptedTokens;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{accepted} of {drafted} drafted tokens were right");
        Assert.InRange(drafted, 5000, int.MaxValue); // else it shows nothing
        Assert.InRange(accepted, drafted / (areTogether ? 10 : 4), drafted * 9 / 10); // together some have guesses that are none
    }

    private static (int, int, int) Count(Usage usage) => (usage.PromptTokens, usage.GeneratedTokens, usage.TokensAfterStop);

    /// <summary>Three requests on one engine, one after another or at once, whose texts repeat what stands above, with slips.</summary>
    private static async Task<List<Generation>> RunAsync(int seed, bool isSpeculating, bool areTogether)
    {
        var random = new Random(seed);
        var document = RandomText(random, random.Next(10, 120));
        var answer = Garbled(document + document, random);
        var options = new EngineOptions { Speculation = isSpeculating, MaxBatchTokens = random.Next(4, 80) };
        var model = new ScriptedModel(contextCells: 1024, maxSequences: 3)
        {
            MaxBatchTokens = options.MaxBatchTokens,
            Rule = Follows(answer),
            RefusesPartialTruncation = random.Next(8) == 0,
            IsNearTie = random.Next(3) == 0 ? static token => token is 'd' or ByteVocabulary.End : static _ => false,
            PieceTokens = random.Next(1, 16),
            IsOnDevice = areTogether,
        };
        await using var bench = await EngineBench.StartAsync(model, options);
        var requests = Enumerable.Range(0, 3).Select(_ => new GenerationRequest(Prompts.Fim(document))
        {
            MaxTokens = random.Next(1, 150),
            StopStrings = random.Next(3) == 0 ? [RandomText(random, 2), RandomText(random, 4)] : [],
            DraftHints = random.Next(3) == 0 ? Prompts.Bytes(Garbled(answer, random)) : [],
            TraceTokens = true,
        }).ToArray();
        List<Generation> generations = areTogether ? [.. await RunTogetherAsync(bench, requests)] : [];
        if (!areTogether)
        {
            foreach (var request in requests)
            {
                generations.Add(await bench.RunAsync(request));
                await bench.AssertQuietAsync();
            }
        }

        await bench.AssertQuietAsync();
        return generations;
    }

    /// <summary>All of them are there before the second step.</summary>
    private static async Task<Generation[]> RunTogetherAsync(EngineBench bench, params GenerationRequest[] requests)
    {
        var gate = bench.Model.HoldStep(1);
        var first = bench.RunAsync(requests[0]);
        await gate.Reached;
        Task<Generation>[] others = [.. requests.Skip(1).Select(request => bench.RunAsync(request))];
        gate.Open();
        return [await first, .. await Task.WhenAll(others)];
    }

    /// <summary>Few letters, and characters of several bytes, so that a guess can end inside one.</summary>
    private static string RandomText(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => random.Next(12) switch { 0 => "é", 1 => "🙂", var n => ((char)('a' + n)).ToString() }));

    private static string Garbled(string text, Random random)
    {
        var garbled = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var right = Math.Min(random.Next(1, 60), text.Length - at);
            garbled.Append(text, at, right);
            at += right;
            if (random.Next(2) == 0) garbled.Append((char)('m' + random.Next(6)));
        }

        return garbled.ToString(); // a surrogate pair that was cut becomes the replacement character's bytes
    }
#pragma warning restore CA5394

    /// <summary>Speaks <paramref name="text"/> after the middle token as long as what was said is right; behind a wrong token it stammers.</summary>
    private static Func<IReadOnlyList<int>, int> Follows(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return tokens =>
        {
            var start = tokens.Count;
            while (tokens[start - 1] != ByteVocabulary.Middle) start--;
            for (var i = start; i < tokens.Count; i++)
            {
                if (i - start >= bytes.Length || tokens[i] != bytes[i - start]) return '?';
            }

            return tokens.Count - start < bytes.Length ? bytes[tokens.Count - start] : ByteVocabulary.End;
        };
    }
}
