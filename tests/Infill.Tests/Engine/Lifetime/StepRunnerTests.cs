using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Infill.Tests.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Lifetime;

/// <summary>One step, from its beginning on whatever computes it to its logits.</summary>
public sealed class StepRunnerTests
{
    [Fact]
    public void What_is_done_while_another_device_computes_comes_after_it_was_told_to_begin()
    {
        var order = new List<string>();
        var model = new ScriptedModel
        {
            WhenBegun = () => order.Add("begun"),
            BeforeStep = _ =>
            {
                order.Add("waited for");
                return null;
            },
        };
        using var bench = new SchedulerBench();
        bench.Add(promptTokens: 4);
        using var inbox = new EngineInbox();
        using var runner = new StepRunner(model, inbox, Patience.Limit, static () => { }, TimeProvider.System);

        runner.Run(bench.Plan(), Patience.Limit, () => order.Add("meanwhile"));

        Assert.Equal(["begun", "meanwhile", "waited for"], order);
    }
}
