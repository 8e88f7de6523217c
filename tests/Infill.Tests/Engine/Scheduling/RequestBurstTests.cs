using Infill.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

public sealed class RequestBurstTests
{
    [Theory]
    [InlineData(new[] { 0 }, 0)]                                             // only a stop woke the engine
    [InlineData(new[] { 1, 1 }, 1)]                                          // who comes alone waits one pause
    [InlineData(new[] { 1, 3, 8, 8, 9 }, 3)]                                 // a burst is over when a pause brings nobody
    [InlineData(new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 }, 10)] // what never ends is not waited for
    public void A_burst_is_waited_for_as_long_as_it_goes_on(int[] counts, int pauses)
    {
        var paused = 0;

        RequestBurst.Await(() => counts[paused], () => paused++);

        Assert.Equal(pauses, paused);
    }
}
