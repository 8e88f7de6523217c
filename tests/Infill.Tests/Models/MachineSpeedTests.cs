using Infill.Models;

namespace Infill.Tests.Models;

public sealed class MachineSpeedTests
{
    private const long Plenty = 64L << 30;

    [Fact]
    public void The_largest_model_whose_first_line_is_fast_enough_is_recommended()
    {
        var speed = new MachineSpeed(PrefillMilliseconds: 0.02, DecodeMilliseconds: 0.3, 55_000_000);

        var recommended = speed.Recommend(Plenty)!;

        Assert.InRange(speed.FirstLine(recommended), 1, MachineSpeed.GoodMilliseconds);
        Assert.All(ModelCatalog.All.Where(model => model.Parameters > recommended.Parameters), larger => Assert.True(speed.FirstLine(larger) > MachineSpeed.GoodMilliseconds));
    }

    [Fact]
    public void What_does_not_fit_in_memory_is_not_recommended()
    {
        var fast = new MachineSpeed(0.0001, 0.001, 55_000_000);

        Assert.Equal("codestral-22b", fast.Recommend(Plenty)!.Name);
        Assert.True(fast.Recommend(4L << 30)!.Memory <= 4L << 30);
    }

    [Fact]
    public void On_a_slow_machine_the_embedded_model_stays() => Assert.Null(new MachineSpeed(1, 5, 55_000_000).Recommend(Plenty));

    [Fact]
    public void A_model_that_takes_the_suffix_last_pays_for_it_with_each_key()
    {
        var speed = new MachineSpeed(1, 0.0001, 55_000_000);
        var last = ModelCatalog.Find("deepseek-coder-6.7b")!;
        var first = ModelCatalog.Find("seed-coder-8b")!;

        Assert.True(speed.FirstLine(last) > 5 * speed.FirstLine(first));
    }
}
