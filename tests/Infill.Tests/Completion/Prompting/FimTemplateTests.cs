using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Tests.Completion.Prompting;

public sealed class FimTemplateTests
{
    [Theory]
    [InlineData(FimOrder.PrefixFirst, "<FILE>src/a.py\n<PRE>before<SUF>after<MID>")]
    [InlineData(FimOrder.SuffixFirst, "<FILE>src/a.py\n<SUF>after<PRE>before<MID>")]
    [InlineData(FimOrder.PrefixOnly, "<FILE>src/a.py\nbefore")]
    public void Each_order_puts_the_model_s_tokens_where_it_learnt_them(FimOrder order, string expected)
    {
        var vocabulary = new WordVocabulary();

        var tokens = new FimTemplate("test", order).Render(Prompt(vocabulary), vocabulary);

        Assert.Equal(expected, vocabulary.Text(tokens));
    }

    [Fact]
    public void A_model_that_expects_a_beginning_gets_it_first()
    {
        var vocabulary = new WordVocabulary { BeginningOfText = WordVocabulary.Beginning };

        var tokens = new FimTemplate("test", FimOrder.PrefixFirst).Render(Prompt(vocabulary), vocabulary);

        Assert.StartsWith("<BEGIN><FILE>", vocabulary.Text(tokens), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_file_token_the_path_is_left_out()
    {
        var vocabulary = new WordVocabulary { Fim = new FimTokens(WordVocabulary.Prefix, WordVocabulary.Suffix, WordVocabulary.Middle, null, null) };

        var tokens = new FimTemplate("test", FimOrder.PrefixFirst).Render(Prompt(vocabulary), vocabulary);

        Assert.Equal("<PRE>before<SUF>after<MID>", vocabulary.Text(tokens));
    }

    [Fact]
    public void A_file_without_a_name_has_no_path()
    {
        var vocabulary = new WordVocabulary();

        var tokens = new FimTemplate("test", FimOrder.PrefixFirst).Render(Prompt(vocabulary) with { Name = [] }, vocabulary);

        Assert.Equal("<PRE>before<SUF>after<MID>", vocabulary.Text(tokens));
    }

    [Fact]
    public void The_seed_model_is_asked_suffix_first() =>
        Assert.Equal(FimOrder.SuffixFirst, FimTemplate.For(new WordVocabulary { ModelName = "fim-52m", Size = 16384 }).Order);

    [Fact]
    public void Another_model_with_FIM_tokens_is_asked_prefix_first() => Assert.Equal(FimOrder.PrefixFirst, FimTemplate.For(new WordVocabulary()).Order);

    [Fact]
    public void A_model_that_lacks_a_FIM_token_only_continues() =>
        Assert.Equal(
            FimOrder.PrefixOnly,
            FimTemplate.For(new WordVocabulary { Fim = new FimTokens(WordVocabulary.Prefix, WordVocabulary.Suffix, null, null, null) }).Order);

    private static FimPrompt Prompt(WordVocabulary vocabulary) =>
        new(Tokens(vocabulary, "src/a.py\n"), Tokens(vocabulary, "before"), Tokens(vocabulary, "after"));

    private static List<int> Tokens(WordVocabulary vocabulary, string text)
    {
        var tokens = new List<int>();
        vocabulary.Tokenize(text, tokens);
        return tokens;
    }
}
