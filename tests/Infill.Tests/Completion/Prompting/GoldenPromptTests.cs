using Infill.Completion.Documents;
using Infill.Completion.Prompting;
using Infill.Tests.Engine.Llama;

namespace Infill.Tests.Completion.Prompting;

/// <summary>The default model's prompt, token by token: what it was trained on must not drift.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class GoldenPromptTests
{
    [Fact]
    public void The_default_model_s_prompt_is_made_of_these_tokens()
    {
        using var model = DefaultModel.Load();
        var builder = new PromptBuilder(model, FimTemplate.For(model));

        var tokens = builder.Build(SourceText.From("def add(a, b):\r\n    return \r\n"), 27, "sum.py", PromptOptions.Default);

        Assert.Equal(
            [
                16383, 4653, 7994, 198,                              // <|file_sep|>sum.py⏎
                16380, 198,                                          // <|fim_suffix|>⏎
                16378, 630, 1186, 1671, 11, 318, 549, 258, 381, 220, // <|fim_prefix|>def| add|(a|,| b|):⏎|   | return|·
                16379,                                               // <|fim_middle|>
            ],
            tokens);
    }

    [Fact]
    public void A_document_that_spells_the_model_s_markers_brings_none_into_the_prompt()
    {
        using var model = DefaultModel.Load();
        var builder = new PromptBuilder(model, FimTemplate.For(model));
        int[] markers = [model.Fim.Prefix!.Value, model.Fim.Suffix!.Value, model.Fim.Middle!.Value, model.Fim.FileSeparator!.Value];
        var spelled = string.Join('\n', markers.Select(model.Spelling));

        var tokens = builder.Build(SourceText.From(spelled + spelled), spelled.Length, spelled, PromptOptions.Default);

        Assert.Equal(4, tokens.Count(markers.Contains));
    }
}
