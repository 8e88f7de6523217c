using Infill.Engine.Drafting;
using Xunit;

namespace Infill.Tests.Engine.Drafting;

/// <summary>What a guess's worth is reckoned from: <see cref="DraftOdds"/> and <see cref="DraftCost"/>.</summary>
public sealed class DraftEstimatesTests
{
    private readonly DraftOdds.OwnOdds _own = new();

    [Fact]
    public void Odds_follow_what_happens_at_that_length_and_leave_others_alone()
    {
        var odds = new DraftOdds();
        var (before, other) = (odds.Of(8, held: 4, _own), odds.Of(2, held: 4, _own));

        for (var i = 0; i < 100; i++) odds.Record(9, held: 4, agreed: false, _own); // 8 to 11 are one

        Assert.InRange(odds.Of(8, held: 4, _own), 0, before / 4);
        Assert.Equal(other, odds.Of(2, held: 4, _own));
    }

    [Fact]
    public void A_new_sequence_begins_with_what_all_others_taught()
    {
        var odds = new DraftOdds();
        var before = odds.Of(2, held: 4, _own);
        for (var i = 0; i < 50; i++) odds.Record(2, held: 4, agreed: true, _own);
        _own.Clear();
        var learnt = odds.Of(2, held: 4, _own);
        for (var i = 0; i < 30; i++) odds.Record(2, held: 4, agreed: false, _own); // this one is another kind of text
        var own = odds.Of(2, held: 4, _own);

        _own.Clear();

        Assert.InRange(learnt, 1.3 * before, 1);
        Assert.InRange(own, 0, learnt / 2);
        Assert.InRange(odds.Of(2, held: 4, _own), 1.5 * own, learnt);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void Every_length_has_odds(int length) => Assert.InRange(new DraftOdds().Of(length, held: 4, _own), 0.01, 0.99);

    [Fact]
    public void What_stands_before_the_cursor_is_believed_less_than_what_the_model_has_followed()
    {
        var odds = new DraftOdds();
        var (yetToHold, held) = (odds.Of(32, DraftOdds.Proof - 1, _own), odds.Of(32, DraftOdds.Proof, _own));

        for (var i = 0; i < 100; i++) odds.Record(32, held: 0, agreed: false, _own);

        Assert.True(yetToHold < held);
        Assert.InRange(odds.Of(32, DraftOdds.Proof - 1, _own), 0, yetToHold / 4);
        Assert.Equal(held, odds.Of(32, DraftOdds.Proof, _own));
    }

    [Fact]
    public void How_often_two_tokens_nearly_tie_is_learnt_by_length_and_forgotten_again()
    {
        var odds = new DraftOdds();
        for (var i = 0; i < 50; i++)
        {
            odds.RecordTie(3, tied: true);
            odds.RecordTie(32, tied: false);
        }

        var (learnt, other, unseen) = (odds.OfTie(3), odds.OfTie(32), odds.OfTie(8));

        for (var i = 0; i < 500; i++) odds.RecordPlainStep();

        Assert.InRange(learnt, 0.8, 1);
        Assert.InRange(other, 0, 0.2);
        Assert.InRange(unseen, other, learnt);
        Assert.InRange(odds.OfTie(3), 0, learnt / 2);
    }

    [Fact]
    public void A_cost_is_learnt_as_a_multiple_of_a_single_token_s()
    {
        var cost = new DraftCost();
        for (var i = 0; i < 50; i++)
        {
            cost.Observe(1, TimeSpan.FromMilliseconds(10));
            cost.Observe(64, TimeSpan.FromMilliseconds(20));
        }

        Assert.InRange(cost.Multiple(IndexOf(64)), 1.9, 2.2);
        Assert.InRange(cost.Multiple(IndexOf(8)), 1.9, 2.2); // never more than 64: the step could be filled up
    }

    [Fact]
    public void One_step_that_was_disturbed_hardly_counts()
    {
        var cost = new DraftCost();
        cost.Observe(1, TimeSpan.FromMilliseconds(10));
        var before = cost.Multiple(IndexOf(16));

        cost.Observe(16, TimeSpan.FromSeconds(9));

        Assert.InRange(cost.Multiple(IndexOf(16)), before, 1.2 * before);
    }

    [Fact]
    public void What_seemed_too_dear_is_tried_again_some_day()
    {
        var cost = new DraftCost();
        cost.Observe(1, TimeSpan.FromMilliseconds(10));
        var prior = cost.Multiple(IndexOf(64));
        for (var i = 0; i < 30; i++) cost.Observe(64, TimeSpan.FromSeconds(9));
        Assert.InRange(cost.Multiple(IndexOf(64)), 5 * prior, double.MaxValue);

        for (var i = 0; i < 10_000; i++) cost.Observe(1, TimeSpan.FromMilliseconds(10));

        Assert.InRange(cost.Multiple(IndexOf(64)), prior, 1.1 * prior);
    }

    [Fact]
    public void A_clock_that_stands_still_teaches_nothing()
    {
        var cost = new DraftCost();
        var before = cost.Multiple(1);

        cost.Observe(1, TimeSpan.Zero);
        cost.Observe(2, TimeSpan.Zero);

        Assert.Equal(before, cost.Multiple(1));
    }

    private static int IndexOf(int size) => DraftCost.Sizes.IndexOf(size);
}
