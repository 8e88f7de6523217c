using System.Reflection;
using System.Text;
using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Engine.Llama;
using Infill.Tests.Engine.Llama;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Completion.Prompting;

/// <summary>
/// Real vocabularies, from llama.cpp's own vocabulary-only models. Of the FIM families it has StarCoder2's, Refact's and
/// DeepSeek's; the others' templates are tested on vocabularies made up of their markers.
/// </summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class RealVocabularyTests
{
    private static readonly string s_folder =
        typeof(RealVocabularyTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static each => each.Key == "VocabularyModels").Value!;

    /// <summary>All that generate text, whatever their kind of tokenizer.</summary>
    public static TheoryData<string> Names =>
    [
        "aquila", "baichuan", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4", "gpt-2", "gpt-neox",
        "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2", "qwen35", "refact", "starcoder",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_text_s_tokens_spell_it_and_nothing_else(string name)
    {
        using var model = Load(name);
        foreach (var text in new[] { "x", "def add(a, b):\n    return a + b\n", " leading", "\n\n\tvoid D() => \"e\";\n", "漢字 é 🙂\n", "return" })
        {
            Assert.Equal(text, Text(model, Tokens(model, text)));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_special_token_comes_of_text_that_spells_it(string name)
    {
        using var model = Load(name);
        var text = new StringBuilder("begin ");
        foreach (var spelling in Specials(model))
        {
            text.Append(spelling).Append(' ').Append(spelling).Append('x').Append(spelling);
        }

        var tokens = Tokens(model, text.ToString());

        Assert.DoesNotContain(tokens, model.IsEndOfGeneration);
        Assert.DoesNotContain(tokens, token => model.Piece(token).IsEmpty);
        Assert.Equal(text.ToString(), Text(model, tokens));
    }

    [Theory]
    [InlineData("command-r", "<|YES_TOKEN|>")]
    [InlineData("deepseek-coder", "<|User|>")]
    [InlineData("gemma-4", "<|tool_call>")]
    [InlineData("phi-3", "</s>")]
    public void Markers_that_a_vocabulary_has_as_user_defined_words_stay_text_too(string name, string spelling)
    {
        using var model = Load(name);

        var tokens = Tokens(model, $"a{spelling}{spelling} b");

        Assert.NotNull(model.FindSpecial(spelling));
        Assert.DoesNotContain(model.FindSpecial(spelling)!.Value, tokens);
        Assert.Equal($"a{spelling}{spelling} b", Text(model, tokens));
    }

    [Theory]
    [InlineData("starcoder", "starcoder2")]
    [InlineData("refact", "refact")]
    [InlineData("deepseek-coder", "deepseek")]
    [InlineData("qwen2", "prefix-only")] // the general model's, from before Qwen had FIM tokens
    [InlineData("llama-bpe", "prefix-only")]
    [InlineData("llama-spm", "prefix-only")]
    [InlineData("gpt-2", "prefix-only")]
    [InlineData("gemma-4", "prefix-only")]
    [InlineData("command-r", "prefix-only")]
    public void A_family_is_known_by_its_vocabulary(string name, string family)
    {
        using var model = Load(name);

        Assert.Equal(family, FimTemplate.For(model).Name);
    }

    [Theory]
    [InlineData("starcoder", new[] { 1, -1, 3, -2, 2 })]
    [InlineData("refact", new[] { 0, 3, -2, 1, -1, 2 })]
    [InlineData("deepseek-coder", new[] { 32013, 32016, -1, 32015, -2, 32017 })]
    public void A_prompt_s_markers_are_the_family_s_single_tokens(string name, int[] expected)
    {
        using var model = Load(name);
        var builder = new PromptBuilder(model, FimTemplate.For(model));
        const string Before = "def add(a, b):\n    return ";
        const string After = "\n\nprint(add(1, 2))\n";

        var tokens = builder.Build(SourceText.From(Before + After), Before.Length, "", PromptOptions.Default);

        Assert.Equal(expected.SelectMany(each => each switch { -1 => Tokens(model, Before), -2 => Tokens(model, After), _ => [each] }), tokens);
    }

    [Theory]
    [InlineData("starcoder")]
    [InlineData("refact")]
    [InlineData("deepseek-coder")]
    public void A_document_that_spells_the_markers_brings_none_into_the_prompt(string name)
    {
        using var model = Load(name);
        var builder = new PromptBuilder(model, FimTemplate.For(model));
        var plain = builder.Build(SourceText.From("ab"), 1, "a.py", PromptOptions.Default);
        var spelled = string.Join("\n", Specials(model));

        var prompt = builder.Build(SourceText.From(spelled + spelled), spelled.Length, spelled, PromptOptions.Default with { PrefixTokens = 4096, SuffixTokens = 4096 });

        Assert.Equal(plain.Where(token => model.Piece(token).IsEmpty), prompt.Where(token => model.Piece(token).IsEmpty));
    }

    private static LlamaModel Load(string name)
    {
        LlamaLibrary.Load(NullLogger.Instance);
        return LlamaModel.LoadVocabulary(Path.Combine(s_folder, $"ggml-vocab-{name}.gguf"));
    }

    /// <summary>Spellings of all tokens that text must not become: those without text of their own, and those that end one.</summary>
    private static IEnumerable<string> Specials(LlamaModel model)
    {
        for (var token = 0; token < model.Size; token++)
        {
            var spelling = model.Spelling(token);
            if (spelling.Length > 2 && (model.Piece(token).IsEmpty || model.IsEndOfGeneration(token)) && model.FindSpecial(spelling) is not null) yield return spelling;
        }
    }

    private static List<int> Tokens(LlamaModel model, string text)
    {
        var tokens = new List<int>();
        model.Tokenize(text, tokens);
        return tokens;
    }

    private static string Text(LlamaModel model, List<int> tokens) => Encoding.UTF8.GetString([.. tokens.SelectMany(token => model.Piece(token).ToArray())]);
}
