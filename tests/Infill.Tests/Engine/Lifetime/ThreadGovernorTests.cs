using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Lifetime;

/// <summary>All threads while it is quiet, one while somebody else needs the cores.</summary>
public sealed class ThreadGovernorTests
{
    private static readonly StepShape Decode = new(DecodeSequences: 1, PrefillTokens: 0);

    private readonly ThreadGovernor _governor = new(threads: 4);
    private TimeSpan _now;

    [Fact]
    public void All_threads_run_while_steps_take_what_they_take()
    {
        Run(steps: 20, milliseconds: 5);

        Assert.Equal(4, Threads);
    }

    [Fact]
    public void Steps_of_more_than_three_times_their_cost_leave_one_thread()
    {
        Run(steps: 20, milliseconds: 5);

        Run(steps: 2, milliseconds: 16);

        Assert.Equal(1, Threads);
    }

    [Fact]
    public void Sequences_that_lie_apart_take_longer_than_those_in_a_row_and_disturb_nobody()
    {
        var row = new StepShape(DecodeSequences: 16, PrefillTokens: 0);
        for (var i = 0; i < 20; i++) _governor.Observe(row, used: 4, TimeSpan.FromMilliseconds(20), _now);

        for (var i = 0; i < 4; i++) _governor.Observe(row with { DecodeRows = 16 }, used: 4, TimeSpan.FromMilliseconds(80), _now);

        Assert.Equal(4, Threads);
    }

    [Fact]
    public void One_slow_step_alone_changes_nothing()
    {
        Run(steps: 20, milliseconds: 5);

        for (var i = 0; i < 5; i++)
        {
            Run(steps: 1, milliseconds: 100);
            Run(steps: 1, milliseconds: 5);
        }

        Assert.Equal(4, Threads);
    }

    [Fact]
    public void Slow_steps_do_not_pass_for_what_steps_take()
    {
        Run(steps: 20, milliseconds: 5);

        for (var i = 0; i < 50; i++)
        {
            Run(steps: 1, milliseconds: 100);
            Run(steps: 1, milliseconds: 14);
        }

        Run(steps: 20, milliseconds: 5);
        Run(steps: 2, milliseconds: 50);
        Assert.Equal(1, Threads);
    }

    [Fact]
    public void All_threads_are_tried_after_a_second_and_stay_when_they_are_faster()
    {
        Disturb();
        Run(steps: 1, milliseconds: 12); // one thread
        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(4, Threads);

        Run(steps: 1, milliseconds: 5);

        Assert.Equal((4, false), (Threads, _governor.IsYielding));
    }

    [Fact]
    public void All_threads_that_are_no_faster_than_one_are_tried_less_and_less_often()
    {
        Disturb();
        List<int> tried = [];

        for (var second = 1; second <= 40; second++)
        {
            Run(steps: 1, milliseconds: 10);
            _now = TimeSpan.FromSeconds(100 + second);
            if (Threads == 4) tried.Add(second);
            if (Threads == 4) Run(steps: 1, milliseconds: 60);
        }

        Assert.InRange(tried.Count, 4, 6);
    }

    [Fact]
    public void A_few_tokens_are_not_measured_by_what_many_cost_each()
    {
        for (var i = 0; i < 10; i++) _governor.Observe(new StepShape(0, 128), 4, TimeSpan.FromMilliseconds(100), _now);

        for (var i = 0; i < 10; i++) _governor.Observe(new StepShape(0, 3), 4, TimeSpan.FromMilliseconds(12), _now);

        Assert.Equal(4, Threads);
    }

    [Fact]
    public void A_prompt_is_measured_by_prompts()
    {
        Run(steps: 20, milliseconds: 5);
        var prompt = new StepShape(DecodeSequences: 0, PrefillTokens: 128);

        for (var i = 0; i < 10; i++) _governor.Observe(prompt, 4, TimeSpan.FromMilliseconds(100), _now);

        Assert.Equal(4, Threads);
    }

    [Fact]
    public void One_thread_has_nothing_to_give()
    {
        var governor = new ThreadGovernor(threads: 1);

        for (var i = 0; i < 10; i++) governor.Observe(Decode, 1, TimeSpan.FromMilliseconds(i < 5 ? 5 : 500), _now);

        Assert.Equal((1, false), (governor.ThreadsAt(_now), governor.IsYielding));
    }

    private int Threads => _governor.ThreadsAt(_now);

    private void Disturb()
    {
        _now = TimeSpan.FromSeconds(100);
        Run(steps: 20, milliseconds: 5);
        Run(steps: 2, milliseconds: 50);
    }

    private void Run(int steps, int milliseconds)
    {
        for (var i = 0; i < steps; i++)
        {
            _governor.Observe(Decode, Threads, TimeSpan.FromMilliseconds(milliseconds), _now);
            _now += TimeSpan.FromMilliseconds(milliseconds);
        }
    }
}
