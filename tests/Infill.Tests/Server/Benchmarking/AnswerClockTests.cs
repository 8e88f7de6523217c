using Infill.Server.Benchmarking.Typing;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Benchmarking;

public sealed class AnswerClockTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void A_line_is_there_with_its_last_visible_sign_whenever_its_end_becomes_known()
    {
        var clock = new AnswerClock(_time);

        TakeAt(10, "return");
        TakeAt(20, "return x");
        TakeAt(30, "return x ");
        Assert.False(clock.IsLineComplete);
        TakeAt(70, "return x\nreturn y");

        Assert.Equal(new KeyAnswer(FirstText: 10, FirstLine: 20), clock.ToAnswer());

        void TakeAt(int ms, string text) => Take(clock, ms, text);
    }

    [Fact]
    public void A_line_that_came_whole_is_there_when_it_came()
    {
        var clock = new AnswerClock(_time);

        Take(clock, 15, "\n    return x\n");

        Assert.Equal(new KeyAnswer(FirstText: 15, FirstLine: 15), clock.ToAnswer());
    }

    [Fact]
    public void A_text_that_ends_has_its_line_since_that_grew_last()
    {
        var clock = new AnswerClock(_time);

        Take(clock, 15, "return x");
        _time.Advance(TimeSpan.FromMilliseconds(5));
        clock.End();

        Assert.Equal(new KeyAnswer(FirstText: 15, FirstLine: 15), clock.ToAnswer());
    }

    [Fact]
    public void Nothing_is_an_answer_when_it_is_decided_and_no_answer_before()
    {
        var clock = new AnswerClock(_time);
        _time.Advance(TimeSpan.FromMilliseconds(8));
        Assert.Equal(new KeyAnswer(FirstText: null, FirstLine: null), clock.ToAnswer());

        clock.End();

        Assert.Equal(new KeyAnswer(FirstText: null, FirstLine: 8, IsNothing: true), clock.ToAnswer());
    }

    /// <param name="clock">What is tested.</param>
    /// <param name="ms">When, from the key on.</param>
    /// <param name="text">All that is there then.</param>
    private void Take(AnswerClock clock, int ms, string text)
    {
        _time.Advance(TimeSpan.FromMilliseconds(ms) - _elapsed);
        _elapsed = TimeSpan.FromMilliseconds(ms);
        clock.Take(text);
    }

    private TimeSpan _elapsed;
}
