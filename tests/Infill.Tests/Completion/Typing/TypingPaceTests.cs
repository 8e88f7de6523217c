using Infill.Completion.Typing;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Completion.Typing;

/// <summary>Whether it pays to wait for the next key before the model is asked.</summary>
public sealed class TypingPaceTests
{
    private readonly ManualTime _time = new();
    private readonly TypingPace _pace;

    public TypingPaceTests() => _pace = new TypingPace(_time);

    [Fact]
    public void Nothing_is_waited_for_while_nothing_is_known()
    {
        Assert.Equal(TimeSpan.Zero, _pace.Wait);
        Type(100, 100);
        Assert.Equal(TimeSpan.Zero, _pace.Wait);
    }

    [Fact]
    public void Nothing_is_waited_for_where_text_comes_within_two_keys()
    {
        Type(100, 100);
        _pace.TextAfter(TimeSpan.FromMilliseconds(199));

        Assert.Equal(TimeSpan.Zero, _pace.Wait);
    }

    [Fact]
    public void Where_two_keys_come_first_the_next_is_waited_for_a_little_longer_than_it_usually_takes()
    {
        Type(100, 100);
        _pace.TextAfter(TimeSpan.FromMilliseconds(400));

        Assert.Equal(125, _pace.Wait.TotalMilliseconds);
    }

    [Fact]
    public void Nobody_waits_for_more_than_300_ms()
    {
        Type(900, 900);
        _pace.TextAfter(TimeSpan.FromSeconds(4));

        Assert.Equal(300, _pace.Wait.TotalMilliseconds);
    }

    [Fact]
    public void A_pause_to_think_is_no_way_of_typing()
    {
        Type(100, 30_000, 100);
        _pace.TextAfter(TimeSpan.FromMilliseconds(400));

        Assert.Equal(125, _pace.Wait.TotalMilliseconds);
    }

    [Fact]
    public void What_was_given_up_without_any_text_was_too_slow_and_never_speaks_for_speed()
    {
        Type(100, 100);
        _pace.NoTextAfter(TimeSpan.FromMilliseconds(300));
        var slow = _pace.Wait;
        _pace.NoTextAfter(TimeSpan.FromMilliseconds(1));

        Assert.Equal(125, slow.TotalMilliseconds);
        Assert.Equal(slow, _pace.Wait);
    }

    [Fact]
    public void Once_the_model_is_fast_again_the_waiting_ends()
    {
        Type(100, 100);
        _pace.TextAfter(TimeSpan.FromMilliseconds(400));

        for (var i = 0; i < 10; i++) _pace.TextAfter(TimeSpan.FromMilliseconds(20));

        Assert.Equal(TimeSpan.Zero, _pace.Wait);
    }

    private void Type(params int[] gaps)
    {
        _pace.Key();
        foreach (var gap in gaps)
        {
            _time.Advance(TimeSpan.FromMilliseconds(gap));
            _pace.Key();
        }
    }
}
