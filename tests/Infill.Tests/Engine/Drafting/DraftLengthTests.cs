using Infill.Engine.Drafting;
using Xunit;

namespace Infill.Tests.Engine.Drafting;

/// <summary>How many guesses sequences that decode together get, by what steps gave.</summary>
public sealed class DraftLengthTests
{
    [Fact]
    public void The_length_that_gives_most_for_its_time_is_found_and_kept()
    {
        var length = new DraftLength(8);

        Run(length, steps: 2000, promised: static guesses => 1 + (0.4 * guesses), given: static guesses => guesses switch { 0 => 1, 1 => 1.4, 3 => 2.2, _ => 1.6 }, milliseconds: static guesses => 1 + (0.02 * guesses));
        var last = Run(length, steps: 2000, promised: static guesses => 1 + (0.4 * guesses), given: static guesses => guesses switch { 0 => 1, 1 => 1.4, 3 => 2.2, _ => 1.6 }, milliseconds: static guesses => 1 + (0.02 * guesses));

        Assert.InRange(last[3], 1700, 2000);
    }

    [Fact]
    public void A_length_lasts_for_a_stretch_since_a_graph_is_made_for_each()
    {
        var length = new DraftLength(8);
        var (lasted, changes) = (0, 0);
        for (var step = 0; step < 2000; step++)
        {
            var before = length.Current;
            Run(length, steps: 1, promised: guesses => 1 + ((step / 100 % 2) * guesses), given: guesses => 1 + ((step / 100 % 2) * guesses), milliseconds: static _ => 1);
            lasted++;
            if (length.Current == before) continue;
            Assert.True(lasted % DraftLength.StretchSteps is 0 or DraftLength.TrialSteps, $"It lasted for {lasted} steps.");
            lasted = 0;
            changes++;
        }

        Assert.InRange(changes, 2, 40);
    }

    [Fact]
    public void What_gives_less_than_no_guesses_is_given_up_after_six_steps_and_tried_ever_seldomer()
    {
        var length = new DraftLength(8);

        var steps = Run(length, steps: 20_000, promised: static guesses => 1 + (0.4 * guesses), given: static _ => 1, milliseconds: static guesses => guesses == 0 ? 1 : 1.7);

        Assert.InRange(20_000 - steps[0], DraftLength.TrialSteps, 400);
    }

    [Fact]
    public void What_took_too_long_is_not_tried_again_while_the_odds_promise_no_more()
    {
        var length = new DraftLength(8);

        var steps = Run(length, steps: 1000, promised: static guesses => 1 + (0.2 * guesses), given: static guesses => 1 + (0.2 * guesses), milliseconds: static guesses => guesses == 0 ? 1 : 3);

        Assert.Equal([DraftLength.TrialSteps, DraftLength.TrialSteps], [steps[7], steps[3]]); // 1.2 tokens promise too little from the start
        Assert.Equal(1000 - (2 * DraftLength.TrialSteps), steps[0]);
    }

    [Fact]
    public void What_a_step_takes_without_guesses_is_measured_again_now_and_then()
    {
        var length = new DraftLength(8);
        Run(length, steps: 200, promised: static guesses => 1 + (0.2 * guesses), given: static guesses => 1 + (0.2 * guesses), milliseconds: static guesses => guesses == 0 ? 1.9 : 0.6); // a graph was made in each, say
        Assert.Equal(7, length.Current);

        var steps = Run(length, steps: 1000, promised: static guesses => 1 + (0.2 * guesses), given: static guesses => 1 + (0.2 * guesses), milliseconds: static guesses => guesses == 0 ? 0.2 : 0.6);

        Assert.InRange(steps[0], 500, 1000);
    }

    [Theory]
    [InlineData(0)] // from the start
    [InlineData(500)]
    public void Prompts_that_are_computed_beside_make_no_guesses_worth_it(int undisturbed)
    {
        var length = new DraftLength(8);
        Run(length, undisturbed, Promised, Promised, milliseconds: static guesses => guesses == 0 ? 1 : 4);
        for (var step = 0; step < 100; step++)
        {
            var isDisturbed = step % 4 > 0;
            Run(length, steps: 1, Promised, Promised, guesses => isDisturbed ? 10 : guesses == 0 ? 1 : 4);
        }

        var steps = Run(length, steps: 200, Promised, Promised, milliseconds: static guesses => guesses == 0 ? 1 : 4);

        Assert.InRange(steps[0], 160, 200);

        static double Promised(int guesses) => 1 + (0.25 * guesses);
    }

    [Fact]
    public void A_step_that_takes_long_by_itself_has_no_guesses()
    {
        var steps = Run(new DraftLength(8), steps: 1000, promised: static guesses => 1 + guesses, given: static guesses => 1 + guesses, milliseconds: static _ => 2.1);

        Assert.Equal(1000, steps[0]);
    }

    [Fact]
    public void Steps_of_another_kind_begin_the_stretch_anew()
    {
        var length = new DraftLength(8);
        for (var step = 0; step < 10 * DraftLength.StretchSteps; step++)
        {
            if (step % 10 == 0) length.Interrupt();
            Run(length, steps: 1, promised: static guesses => 1 + guesses, given: static guesses => 1 + guesses, milliseconds: static _ => 1);
        }

        Assert.Equal(0, length.Current); // no ten steps tell what they take
    }

    [Fact]
    public void Where_the_odds_promise_nothing_nothing_is_tried()
    {
        var steps = Run(new DraftLength(8), steps: 1000, promised: static _ => 1.05, given: static guesses => 1 + guesses, milliseconds: static _ => 1);

        Assert.Equal(1000, steps[0]);
    }

    [Fact]
    public void Where_guesses_hold_no_more_the_next_stretch_has_none()
    {
        var length = new DraftLength(8);
        Run(length, steps: 1000, promised: static guesses => 1 + guesses, given: static guesses => 1 + guesses, milliseconds: static guesses => guesses == 0 ? 1 : 1.2);
        Assert.NotEqual(0, length.Current);

        var steps = Run(length, steps: 1000, promised: static _ => 1, given: static _ => 1, milliseconds: static guesses => guesses == 0 ? 1 : 1.2);

        Assert.InRange(steps[0], 800, 1000);
    }

    [Theory]
    [InlineData(2, 7)]
    [InlineData(8, 7)]
    [InlineData(16, 3)]
    public void A_step_has_room_for_so_many_guesses_of_each(int sequences, int most) => Assert.Equal(most, new DraftLength(sequences).Lengths[^1]);

    /// <returns>Steps by the guesses that they had of each sequence.</returns>
    private static int[] Run(DraftLength length, int steps, Func<int, double> promised, Func<int, double> given, Func<int, double> milliseconds)
    {
        var by = new int[8];
        for (var i = 0; i < steps; i++)
        {
            foreach (var guesses in length.Lengths) length.Expect(guesses, promised(guesses));
            var current = length.Current;
            by[current]++;
            length.Observe(current, given(current), TimeSpan.FromMilliseconds(milliseconds(current)));
        }

        return by;
    }
}
