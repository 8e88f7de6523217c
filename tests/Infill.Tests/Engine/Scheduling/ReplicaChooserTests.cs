using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

/// <summary>Which of several copies of a model gets a prompt.</summary>
public sealed class ReplicaChooserTests
{
    private readonly ReplicaChooser _chooser = new(replicas: 2, cachedPrompts: 4);

    [Fact]
    public void New_prompts_go_to_each_in_turn_where_nothing_runs() =>
        Assert.Equal([0, 1, 0, 1], new[] { 'a', 'b', 'c', 'd' }.Select(kind => _chooser.Choose(Long(300, kind), [0, 0])));

    [Fact]
    public void A_new_prompt_goes_where_less_runs() => Assert.Equal(1, _chooser.Choose(Long(300, 'a'), [1, 0]));

    [Fact]
    public void A_prompt_goes_where_its_beginning_is_cached_though_more_runs_there()
    {
        _chooser.Choose(Long(300, 'a'), [0, 0]);
        _chooser.Choose(Long(300, 'b'), [0, 0]);

        Assert.Equal((0, 1), (_chooser.Choose([.. Long(300, 'a'), 1], [2, 0]), _chooser.Choose([.. Long(300, 'b'), 1], [0, 2])));
    }

    [Fact]
    public void It_is_computed_anew_elsewhere_when_too_many_run_where_it_is_cached()
    {
        _chooser.Choose(Long(300, 'a'), [0, 0]);

        Assert.Equal(1, _chooser.Choose(Long(300, 'a'), [5, 0]));
    }

    [Fact]
    public void One_that_can_t_be_used_is_passed_over_whatever_is_cached_there()
    {
        _chooser.Choose(Long(300, 'a'), [0, 0]);

        Assert.Equal(1, _chooser.Choose(Long(300, 'a'), [-1, 9]));
        Assert.Equal(-1, _chooser.Choose(Long(300, 'a'), [-1, -1]));
    }

    [Fact]
    public void What_the_cache_has_no_room_for_any_more_is_forgotten()
    {
        foreach (var kind in "abcde") _chooser.Choose(Long(300, kind), [0, -1]);

        Assert.Equal(1, _chooser.Choose(Long(300, 'a'), [1, 0])); // the fifth took the place of the first
        Assert.Equal(0, _chooser.Choose(Long(300, 'c'), [1, 0]));
    }

    [Fact]
    public void Prompts_that_go_on_from_each_other_take_one_place()
    {
        _chooser.Choose(Long(300, 'a'), [0, -1]);
        for (var length = 300; length < 320; length++) _chooser.Choose(Long(length, 'b'), [0, -1]);

        Assert.Equal(0, _chooser.Choose(Long(300, 'a'), [1, 0]));
    }

    private static int[] Long(int count, char kind) => [.. Prompts.Long(count, kind)];
}
