using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

public sealed class SharedWorkTests : IDisposable
{
    private readonly SharedWork _work = new(helpers: 3);

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Each_item_is_done_once_however_late_the_threads_wake()
    {
        for (var round = 0; round < 2000; round++)
        {
            var done = new int[1 + (round % 7)];

            _work.For(done.Length, item => Interlocked.Increment(ref done[item]));

            Assert.All(done, static times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void Two_items_are_done_at_the_same_time()
    {
        using var both = new Barrier(2);

        _work.For(2, _ => Assert.True(both.SignalAndWait(Patience.Limit)));
    }

    [Fact]
    public void What_an_item_throws_is_thrown_when_the_others_are_done()
    {
        var done = 0;

        var e = Assert.Throws<InvalidOperationException>(() => _work.For(20, item =>
        {
            if (item == 3) throw new InvalidOperationException("The third.");
            Interlocked.Increment(ref done);
        }));

        Assert.Equal(("The third.", 19), (e.Message, done));
        _work.For(1, _ => done = 0); // the next is done as if nothing had been
        Assert.Equal(0, done);
    }

    [Fact]
    public void Without_its_threads_the_owner_does_all()
    {
        using var alone = new SharedWork(helpers: 0);
        _work.Dispose();

        foreach (var work in (SharedWork[])[alone, _work])
        {
            var threads = new List<int>();
            work.For(5, _ => threads.Add(Environment.CurrentManagedThreadId));
            Assert.Equal(Enumerable.Repeat(Environment.CurrentManagedThreadId, 5), threads);
        }
    }
}
