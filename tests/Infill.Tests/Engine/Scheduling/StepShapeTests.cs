using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Scheduling;

public sealed class StepShapeTests
{
    [Theory]
    [InlineData(new[] { 0 }, 1)]
    [InlineData(new[] { 0, 1, 2, 3 }, 1)]
    [InlineData(new[] { 0, 2, 4 }, 3)]
    [InlineData(new[] { 62, 63, 64, 65 }, 1)]
    [InlineData(new[] { 62, 64, 66, 67 }, 3)]
    public void Neighbouring_slots_are_one_row(int[] running, int rows)
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 70 }, new ScriptedModel(maxSequences: 70));
        var sequences = Enumerable.Range(0, 70).Select(i => bench.Add(1, kind: (char)('A' + i))).ToList();
        bench.Plan();
        foreach (var sequence in sequences.Where(sequence => !running.Contains(sequence.Slot!.Id))) bench.Scheduler.Finish(sequence);

        var shape = StepShape.Of(bench.Plan());

        Assert.Equal((running.Length, rows), (shape.DecodeSequences, shape.DecodeRows));
    }
}
