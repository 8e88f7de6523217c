using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

public sealed class StepCostTests
{
    private readonly StepCost _cost = new();

    [Fact]
    public void Nothing_is_said_before_anything_was_measured()
    {
        Assert.Null(_cost.Predict(new StepShape(1, 0)));
        Assert.Null(_cost.LargestPrefill(new StepShape(0, 0), Milliseconds(50), 512));
    }

    [Fact]
    public void A_step_like_one_that_was_measured_takes_as_long()
    {
        Observe(4, 0, 11);

        Assert.Equal(Milliseconds(11), _cost.Predict(new StepShape(4, 0)));
    }

    [Fact]
    public void Between_two_measured_sizes_time_is_interpolated()
    {
        Observe(4, 0, 10);
        Observe(8, 0, 18);

        Assert.Equal(Milliseconds(14), _cost.Predict(new StepShape(6, 0)));
    }

    [Fact]
    public void Beyond_the_measured_sizes_time_is_proportional()
    {
        Observe(0, 64, 50);

        Assert.Equal(Milliseconds(400), _cost.Predict(new StepShape(0, 512)));
    }

    [Fact]
    public void Prefill_beside_decoding_is_taken_to_add_what_it_costs_alone_until_it_was_measured()
    {
        Observe(1, 0, 5);
        Observe(0, 64, 50);
        Assert.Equal(Milliseconds(55), _cost.Predict(new StepShape(1, 64)));

        Observe(1, 64, 65);

        Assert.Equal(Milliseconds(65), _cost.Predict(new StepShape(1, 64)));
        Assert.Equal(Milliseconds(50), _cost.Predict(new StepShape(0, 64)));
    }

    [Fact]
    public void A_chunk_of_a_whole_tile_is_chosen_where_a_smaller_one_costs_as_much()
    {
        Observe(0, 32, 50);
        Observe(0, 64, 51);

        Assert.Equal(64, _cost.LargestPrefill(new StepShape(0, 0), Milliseconds(51), 512));
    }

    [Theory]
    [InlineData(500, 320)] // whole tiles only: 333 would fit
    [InlineData(300, 192)]
    [InlineData(30, 16)]   // no tile fits: in finer steps below
    [InlineData(2, 1)]
    [InlineData(1, 0)]
    public void The_largest_chunk_that_fits_a_time_wastes_no_tile(int milliseconds, int tokens)
    {
        Observe(0, 64, 96); // 1.5 ms a token

        Assert.Equal(tokens, _cost.LargestPrefill(new StepShape(0, 0), Milliseconds(milliseconds), 512));
    }

    [Theory]
    [InlineData(500, 320)] // 333 would fit
    [InlineData(100, 64)]
    [InlineData(30, 16)]
    public void On_a_GPU_chunks_need_not_be_whole_tiles(int milliseconds, int tokens)
    {
        var cost = new StepCost(grain: 16);
        cost.Observe(new StepShape(0, 96), Milliseconds(144)); // 1.5 ms a token, learnt from a chunk that is no whole tile either

        Assert.Equal(tokens, cost.LargestPrefill(new StepShape(0, 0), Milliseconds(milliseconds), 512));
        Assert.Equal(112, cost.LargestPrefill(new StepShape(0, 0), Milliseconds(170), 512));
    }

    [Fact]
    public void A_prompt_that_fits_whole_is_not_cut_to_tiles()
    {
        Observe(0, 64, 50);

        Assert.Equal(100, _cost.LargestPrefill(new StepShape(0, 0), Milliseconds(100), limit: 100));
    }

    [Fact]
    public void What_decodes_in_a_step_leaves_less_time_for_prefill()
    {
        Observe(8, 0, 20);
        Observe(0, 64, 64);
        var alone = _cost.LargestPrefill(new StepShape(0, 0), Milliseconds(40), 512);

        var beside = _cost.LargestPrefill(new StepShape(8, 0), Milliseconds(40), 512);

        Assert.Equal((40, 16), (alone, beside)); // 20 ms are left: 16 tokens are the whole eights that fit
    }

    [Fact]
    public void One_step_that_stalled_teaches_little()
    {
        for (var i = 0; i < 10; i++) Observe(0, 64, 50);

        Observe(0, 64, 5000);

        Assert.InRange(_cost.Predict(new StepShape(0, 64))!.Value.TotalMilliseconds, 50, 60);
    }

    [Fact]
    public void A_machine_that_stays_slower_is_believed()
    {
        for (var i = 0; i < 10; i++) Observe(0, 64, 50);

        for (var i = 0; i < 20; i++) Observe(0, 64, 150);

        Assert.InRange(_cost.Predict(new StepShape(0, 64))!.Value.TotalMilliseconds, 140, 150);
    }

    [Fact]
    public void A_first_step_that_was_slow_is_forgotten_with_the_second()
    {
        Observe(0, 64, 800);

        Observe(0, 64, 50);

        Assert.Equal(Milliseconds(50), _cost.Predict(new StepShape(0, 64)));
    }

    [Fact]
    public void Steps_grow_with_the_context_as_was_measured()
    {
        for (var i = 0; i < 200; i++)
        {
            foreach (var context in new[] { 0, 512, 1024, 1536 }) _cost.Observe(new StepShape(0, 64, PrefillContext: context), Milliseconds(30 + (20 * context / 1000.0)));
        }

        Assert.InRange(At(0), 29, 31);
        Assert.InRange(At(2000), 68, 72);

        double At(int context) => _cost.Predict(new StepShape(0, 64, PrefillContext: context))!.Value.TotalMilliseconds;
    }

    [Fact]
    public void The_odd_end_of_a_prompt_is_not_taken_for_whole_tiles()
    {
        Observe(0, 64, 50);

        Observe(0, 65, 90);

        Assert.Equal(Milliseconds(50), _cost.Predict(new StepShape(0, 64)));
    }

    [Fact]
    public void A_clock_that_stands_still_teaches_nothing()
    {
        Observe(1, 0, 0);

        Assert.Null(_cost.Predict(new StepShape(1, 0)));
    }

    [Fact]
    public void What_was_learnt_can_be_kept_and_taken_up_again()
    {
        Observe(1, 0, 5);
        Observe(0, 64, 50);
        Observe(1, 16, 25);
        var later = new StepCost();

        later.Import(_cost.Export());

        foreach (var shape in new StepShape[] { new(1, 0), new(2, 0), new(0, 64), new(0, 100), new(1, 16), new(3, 64, 1000, 1500) })
        {
            Assert.Equal(_cost.Predict(shape), later.Predict(shape));
        }
    }

    [Theory]
    [InlineData(new double[] { })]
    [InlineData(new double[] { 0, 1, 2 })]
    [InlineData(new double[] { 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new double[] { double.NaN, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    public void Numbers_that_can_not_be_are_not_taken_up(double[] numbers)
    {
        _cost.Import(new StepCostNumbers(numbers, numbers, numbers));

        Assert.Null(_cost.Predict(new StepShape(1, 0)));
    }

    private static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private void Observe(int decodeSequences, int prefillTokens, double milliseconds) =>
        _cost.Observe(new StepShape(decodeSequences, prefillTokens), Milliseconds(milliseconds));
}
