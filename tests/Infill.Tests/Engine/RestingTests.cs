using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>Who waits for the next step in a spin uses a core that somebody else needs, once there is no next step.</summary>
public sealed class RestingTests
{
    [Fact]
    public async Task When_nothing_is_left_to_compute_the_model_rests_before_the_last_reader_is_told()
    {
        var resting = new Gate();
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("ab"), WhenResting = resting.Pass });
        var running = bench.RunAsync(new GenerationRequest(Prompts.Fim("x")));

        await resting.Reached;

        Assert.False(running.IsCompleted);
        resting.Open();
        Assert.Equal(("ab", FinishReason.EndOfText), ((await running).Text, (await running).Finish));
    }

    [Fact]
    public async Task While_somebody_still_computes_it_does_not_rest()
    {
        var rests = 0;
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { WhenResting = () => rests++ });
        var first = bench.Model.HoldStep(1);
        var requests = new[] { 2, 40 }.Select((tokens, i) => bench.RunAsync(new GenerationRequest(Prompts.Bytes($"{i}")) { MaxTokens = tokens })).ToArray();
        await first.Reached;
        first.Open();

        await Task.WhenAll(requests);

        Assert.Equal(1, rests);
    }
}
