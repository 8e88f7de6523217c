using Infill.Engine.Llama;
using Xunit;

namespace Infill.Tests.Engine.Llama;

public sealed class OffloadPlanTests
{
    private const long Gibibyte = 1L << 30;

    [Fact]
    public void What_fits_goes_onto_the_GPU_as_a_whole()
    {
        var plan = OffloadPlan.First(allLayers: 29, limit: null, weightBytes: 8 * Gibibyte, freeBytes: 8 * Gibibyte);

        Assert.Equal(29, plan.Layers);
        Assert.True(plan.IsWhole);
        Assert.Equal(1, plan.Share);
    }

    [Fact]
    public void What_does_not_fit_goes_as_far_as_there_is_room()
    {
        var plan = OffloadPlan.First(allLayers: 28, limit: null, weightBytes: 8 * Gibibyte, freeBytes: 4 * Gibibyte);

        Assert.Equal(new OffloadPlan(14, 28), plan);
        Assert.False(plan.IsWhole);
        Assert.Equal(0.5, plan.Share);
    }

    [Fact]
    public void A_limit_keeps_the_other_layers_on_the_processor()
    {
        Assert.Equal(10, OffloadPlan.First(28, limit: 10, weightBytes: Gibibyte, freeBytes: 8 * Gibibyte).Layers);
        Assert.Equal(28, OffloadPlan.First(28, limit: 99, weightBytes: Gibibyte, freeBytes: 8 * Gibibyte).Layers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-Gibibyte)]
    public void Without_room_everything_stays_on_the_processor(long freeBytes)
    {
        var plan = OffloadPlan.First(28, limit: null, Gibibyte, freeBytes);

        Assert.Equal(0, plan.Layers);
        Assert.False(plan.IsWhole);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(29)]
    [InlineData(81)]
    public void Each_smaller_plan_has_fewer_layers_and_the_fifth_has_none(int layers)
    {
        var plan = new OffloadPlan(layers, layers);
        for (var tries = 0; tries < 4 && plan.Layers > 0; tries++)
        {
            var smaller = plan.Smaller();
            Assert.InRange(smaller.Layers, 0, plan.Layers - 1);
            plan = smaller;
        }

        Assert.Equal(0, plan.Layers);
    }
}
