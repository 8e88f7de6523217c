using Infill.Server.Handlers;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

public sealed class SnapshotPacerTests
{
    private readonly ManualTime _time = new();
    private readonly SnapshotPacer _pacer;

    public SnapshotPacerTests() => _pacer = new SnapshotPacer(_time);

    [Fact]
    public void The_first_snapshot_is_never_delayed() => Assert.True(_pacer.ShouldSend("a"));

    [Fact]
    public void Nothing_is_no_snapshot() => Assert.False(_pacer.ShouldSend(""));

    [Fact]
    public void A_second_one_within_30_ms_waits()
    {
        _pacer.ShouldSend("a");
        _time.Advance(TimeSpan.FromMilliseconds(29));

        Assert.False(_pacer.ShouldSend("ab"));
    }

    [Fact]
    public void After_30_ms_the_next_one_goes()
    {
        _pacer.ShouldSend("a");
        _time.Advance(TimeSpan.FromMilliseconds(30));

        Assert.True(_pacer.ShouldSend("ab"));
    }

    [Fact]
    public void A_complete_line_goes_at_once()
    {
        _pacer.ShouldSend("a");

        Assert.True(_pacer.ShouldSend("ab\nc"));
    }

    [Fact]
    public void The_same_text_is_not_sent_again()
    {
        _pacer.ShouldSend("a");
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(_pacer.ShouldSend("a"));
        Assert.False(_pacer.ShouldSendLast("a"));
    }

    [Fact]
    public void The_last_text_goes_at_once_where_it_is_new()
    {
        _pacer.ShouldSend("a");

        Assert.True(_pacer.ShouldSendLast("ab"));
    }
}
