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

    [Fact]
    public async Task A_thread_that_was_given_up_while_it_began_a_step_touches_nothing_any_more()
    {
        var beginning = new Gate();
        var time = new ManualTime();
        var givenUp = false;
        var told = false;
        using var inbox = new EngineInbox();
        var runner = new StepRunner(new ScriptedModel { WhenBegun = beginning.Pass }, inbox, Patience.Limit, () => givenUp = true, time); // disposes itself once given up
        var running = Task.Run(
            () =>
            {
                using var bench = new SchedulerBench();
                bench.Add(promptTokens: 4);
                runner.Run(bench.Plan(), Patience.Limit, () => told = true);
            },
            TestContext.Current.CancellationToken);
        await beginning.Reached;

        time.Advance(Patience.Limit); // it overruns
        time.Advance(Patience.Limit); // and doesn't hear the abort
        beginning.Open();

        await Assert.ThrowsAsync<ThreadGivenUpException>(() => running);
        Assert.Equal((true, false), (givenUp, told));
    }
}
