using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Tests.Engine.Llama;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Completion.Prompting;

/// <summary>The default model fills the known gaps in the orders it was trained on, and in no other.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class RealTemplateProofTests
{
    [Theory]
    [InlineData("«<|fim_suffix|>»{suffix}«<|fim_prefix|>»{prefix}«<|fim_middle|>»", true)]
    [InlineData("«<|fim_prefix|>»«<|fim_suffix|>»{suffix}«<|fim_middle|>»{prefix}", false)] // as CodeLlama has it
    [InlineData("«<|fim_suffix|>»{suffix}«<|fim_prefix|>»{prefix}", false)]               // as Codestral has it
    [InlineData("«<|fim_prefix|>»{suffix}«<|fim_suffix|>»{prefix}«<|fim_middle|>»", false)] // the texts exchanged
    public async Task A_template_proves_itself_in_an_order_that_the_model_was_trained_on_alone(string layout, bool holds)
    {
        await using var engine = new CompletionEngine(DefaultModel.Load, new EngineOptions { MaxSequences = 1, Threads = 1 }, TimeProvider.System, NullLogger.Instance);
        var vocabulary = await engine.Ready.WaitAsync(Infill.Tests.Scenarios.TestEditor.Limit);

        Assert.Equal(holds, await TemplateProof.HoldsAsync(engine, new PromptBuilder(vocabulary, new FimTemplate("test", layout))));
    }
}
