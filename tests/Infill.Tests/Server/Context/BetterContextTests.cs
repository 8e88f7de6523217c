using Infill.Server.Context;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Context;

/// <summary>What is looked for behind the answers, and for how long.</summary>
public sealed class BetterContextTests
{
    private readonly BetterContext _better = new();

    [Fact]
    public async Task What_is_looked_for_ends_when_its_document_is_closed()
    {
        var look = new Look();
        _better.Begin("a.py", Open, look.RunAsync);
        var ended = await look.Begun;

        _better.Closed("a.py");

        Assert.True(ended.IsCancellationRequested);
    }

    [Fact]
    public async Task Another_document_s_end_changes_nothing()
    {
        var look = new Look();
        _better.Begin("a.py", Open, look.RunAsync);
        var ended = await look.Begun;

        _better.Closed("b.py");

        Assert.False(ended.IsCancellationRequested);
        look.End();
        await _better.Looked.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task For_a_document_that_is_closed_by_now_nothing_is_looked_for()
    {
        var look = new Look();

        _better.Begin("a.py", static () => false, look.RunAsync);

        await _better.Looked.WaitAsync(Patience.Limit);
        Assert.False(look.Begun.IsCompleted);
    }

    [Fact]
    public async Task One_is_looked_for_at_a_time()
    {
        var (first, second, third) = (new Look(), new Look(), new Look());
        _better.Begin("a.py", Open, first.RunAsync);
        await first.Begun;
        _better.Begin("b.py", Open, second.RunAsync);
        first.End();
        await _better.Looked.WaitAsync(Patience.Limit);

        _better.Begin("b.py", Open, third.RunAsync);

        await third.Begun;
        Assert.False(second.Begun.IsCompleted);
        third.End();
    }

    private static bool Open() => true;

    /// <summary>A look for a better choice that lasts until the test ends it.</summary>
    private sealed class Look
    {
        private readonly TaskCompletionSource<CancellationToken> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<CancellationToken> Begun => _begun.Task.WaitAsync(Patience.Limit);

        public void End() => _end.SetResult();

        public async Task RunAsync(CancellationToken closed)
        {
            _begun.SetResult(closed);
            await _end.Task.WaitAsync(closed);
        }
    }
}
