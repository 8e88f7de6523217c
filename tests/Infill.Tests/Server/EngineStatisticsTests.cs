using System.Diagnostics.Metrics;
using Infill.Server.Status;
using Xunit;

namespace Infill.Tests.Server;

public sealed class EngineStatisticsTests
{
    [Fact]
    public void A_gauge_that_every_copy_of_the_model_has_is_the_sum()
    {
        using var statistics = new EngineStatistics(TimeProvider.System);
        using var first = new Meter(new MeterOptions("Infill.Engine") { Tags = [new("infill.replica", 0)] });
        using var second = new Meter(new MeterOptions("Infill.Engine") { Tags = [new("infill.replica", 1)] });
        first.CreateObservableGauge("test.cells", static () => 3);
        second.CreateObservableGauge("test.cells", static () => 4);

        Assert.Equal([7.0, 7.0], new[] { statistics.Gauge("test.cells"), statistics.Gauge("test.cells") });
    }
}
