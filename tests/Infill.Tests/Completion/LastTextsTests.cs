using System.Text;
using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Tests.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Completion;

public sealed class LastTextsTests
{
    private readonly LastTexts _texts = new();

    [Theory]
    [InlineData("x = ", "foo(bar)")]
    [InlineData("x = f", "oo(bar)")]
    [InlineData("x = foo(bar)", "")]
    [InlineData("x = g", "")]
    [InlineData("x =", "")]
    [InlineData("x = foo(bar) + something that is a good deal longer", "")]
    public void The_rest_is_what_the_user_has_not_typed_yet_of_it(string document, string rest)
    {
        Remember("x = ", "foo(bar)");

        Assert.Equal(rest, Rest(document));
    }

    [Fact]
    public void A_line_end_is_typed_as_the_document_has_it()
    {
        Remember("if x:", "\n    y = 1\n    z = 2");

        Assert.Equal(" = 1\n    z = 2", Rest("if x:\r\n    y"));
    }

    [Fact]
    public void What_was_stopped_early_does_not_replace_what_says_more()
    {
        Remember("x = ", "foo(bar)");
        Remember("x = f", "oo");
        Remember("x = f", "");

        Assert.Equal("o(bar)", Rest("x = fo"));
    }

    [Fact]
    public void A_text_that_goes_another_way_takes_its_place()
    {
        Remember("x = ", "foo(bar)");
        Remember("x = f", "rom_me");

        Assert.Equal("om_me", Rest("x = fr"));
    }

    [Fact]
    public void Each_document_has_its_own_and_the_one_longest_left_alone_is_forgotten()
    {
        for (var i = 0; i < 17; i++) Remember("x = ", $"value{i}", $"{i}.py");

        Assert.Equal(("", "value1", "value16"), (Rest("x = ", "0.py"), Rest("x = ", "1.py"), Rest("x = ", "16.py")));
    }

    [Fact]
    public async Task The_next_suggestion_is_guessed_from_the_last_one_and_checked_in_fewer_steps()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = Continues });
        var service = new CompletionService(bench.Engine, bench.Time);

        var first = await LastAsync(service, "x = ");
        var second = await LastAsync(service, "x = f");

        Assert.Equal(("first(second, third)", "irst(second, third)"), (first.Text, second.Text));
        Assert.Equal(0, first.Usage!.DraftedTokens);
        Assert.True(second.Usage!.AcceptedTokens > 8, $"{second.Usage.AcceptedTokens} of {second.Usage.DraftedTokens} guessed tokens were right");

        static int Continues(IReadOnlyList<int> tokens)
        {
            const string Line = "x = first(second, third)\n";
            var text = Encoding.UTF8.GetString([.. tokens.Where(static token => token < 256).Select(static token => (byte)token)]);
            var at = text.LastIndexOf("x =", StringComparison.Ordinal);
            return text.Length - at < Line.Length ? Line[text.Length - at] : ByteVocabulary.End;
        }
    }

    private static async Task<Suggestion> LastAsync(CompletionService service, string document)
    {
        var source = SourceText.From(document);
        Suggestion? last = null;
        await foreach (var suggestion in service.SuggestAsync(new SuggestionRequest(source, source.Length, "a.py"))) last = suggestion;
        return last!;
    }

    private void Remember(string document, string text, string path = "a.py")
    {
        var source = SourceText.From(document);
        _texts.Remember(path, source, source.Length, text);
    }

    private string Rest(string document, string path = "a.py")
    {
        var source = SourceText.From(document);
        return _texts.Rest(path, source, source.Length);
    }
}
