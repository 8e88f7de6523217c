using Infill.Engine;
using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

public sealed class PromptBudgetTests
{
    private static readonly IReadOnlyList<int> s_whole = Prompts.Long(500, 'w');
    private static readonly IReadOnlyList<int> s_quarter = Prompts.Long(125, 'q');
    private static readonly IReadOnlyList<int> s_eighth = Prompts.Long(60, 'e');
    private static readonly IReadOnlyList<int> s_sixteenth = Prompts.Long(30, 's');

    [Theory]
    [InlineData(600, 500)]
    [InlineData(150, 125)]
    [InlineData(80, 60)]
    [InlineData(1, 30)]
    public void The_longest_prompt_that_fits_its_budget_is_taken_or_else_the_shortest(int milliseconds, int expected)
    {
        using var bench = Bench();

        var sequence = Added(bench, milliseconds);

        Assert.Equal((expected, expected < 500), (sequence.PromptTokens, sequence.IsShortened));
        Assert.Equal(expected, sequence.Tokens.Count);
    }

    [Fact]
    public void What_is_cached_of_a_prompt_takes_no_time()
    {
        using var bench = Bench();
        bench.Cached(s_whole.Take(440).ToList());

        var sequence = Added(bench, milliseconds: 80);

        Assert.Equal((500, false), (sequence.PromptTokens, sequence.IsShortened));
    }

    [Fact]
    public void A_little_time_is_not_worth_a_worse_suggestion()
    {
        using var bench = Bench();
        var sequence = bench.Waiting(new GenerationRequest(Prompts.Long(110, 'w')) { ShorterPrompts = [s_eighth], PromptBudget = TimeSpan.FromMilliseconds(100) });
        bench.Scheduler.Add(sequence);

        Assert.False(sequence.IsShortened);
    }

    [Fact]
    public void A_context_that_was_given_back_holds_nothing()
    {
        using var bench = Bench();
        bench.Cached(s_whole);
        bench.Cache.Detach();

        Assert.Equal(60, Added(bench, milliseconds: 80).PromptTokens);
    }

    [Fact]
    public void A_request_with_one_prompt_waits_for_it()
    {
        using var bench = Bench();
        var sequence = bench.Waiting(new GenerationRequest(s_whole) { PromptBudget = TimeSpan.FromMilliseconds(1) });
        bench.Scheduler.Add(sequence);

        Assert.Equal((500, false), (sequence.PromptTokens, sequence.IsShortened));
    }

    /// <summary>A token of prefill takes a millisecond.</summary>
    private static SchedulerBench Bench()
    {
        var bench = new SchedulerBench();
        foreach (var tokens in (int[])[16, 32, 64, 128]) bench.Cost.Observe(new StepShape(DecodeSequences: 0, PrefillTokens: tokens), TimeSpan.FromMilliseconds(tokens));
        return bench;
    }

    private static Sequence Added(SchedulerBench bench, int milliseconds)
    {
        var request = new GenerationRequest(s_whole) { ShorterPrompts = [s_quarter, s_eighth, s_sixteenth], PromptBudget = TimeSpan.FromMilliseconds(milliseconds) };
        var sequence = bench.Waiting(request);
        bench.Scheduler.Add(sequence);
        return sequence;
    }
}
