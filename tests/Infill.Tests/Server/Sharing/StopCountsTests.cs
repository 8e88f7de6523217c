using Infill.Completion.Typing;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Infill.Server.Status;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Sharing;

/// <summary>An engine's report says how promptly what was outdone ended. Its counters are the process', so other tests may add to them.</summary>
public sealed class StopCountsTests
{
    private const string Initialization = """{"clientInfo":{"name":"test"},"capabilities":{"textDocument":{"inlineCompletion":{}}},"initializationOptions":{"infill":{"snapshots":"growing"}}}""";

    [Fact]
    public async Task What_an_edit_outdoes_is_counted_as_stopped()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("total + 1") };
        var gate = model.HoldStep(4);
        await using var engine = new SharedBench(model);
        await using var editor = await StartAsync(engine);
        var before = engine.Report().Stops;
        var outdone = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 4, "x");
        await outdone.Answer;
        gate.Open();
        await editor.InlineAsync(0, 5);

        await Wait.UntilAsync(() => Task.FromResult(engine.Report().Stops is var now && now.Stopped > before.Stopped && now.Given > before.Given));
        Assert.Equal(before.StoppedLate, engine.Report().Stops.StoppedLate);
    }

    [Fact]
    public async Task What_an_edit_agrees_with_is_counted_as_kept_and_taken_over()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("total + 1") };
        var gate = model.HoldStep(4);
        await using var engine = new SharedBench(model);
        await using var editor = await StartAsync(engine);
        var before = engine.Report().Stops;
        await editor.BeginInlineAsync(0, 4, """ "partialResultToken":1 """);
        await gate.Reached;
        await editor.ReceiveAsync("$/progress");

        await editor.TypeAsync(2, 0, 4, "t");
        var next = await editor.BeginInlineAsync(0, 5);
        await Wait.UntilAsync(() => Task.FromResult(engine.Report().Stops is var now && now.Kept > before.Kept && now.Adopted + now.KeptInVain > before.Adopted + before.KeptInVain)); // in vain where this machine took 300 ms
        gate.Open();

        Assert.Equal(["otal + 1"], (await next.Answer).Texts());
    }

    private static async Task<TestEditor> StartAsync(SharedBench engine)
    {
        var door = new TestDoor();
        door.LeadTo(engine);
        var layers = new SettingsLayer?[] { new SettingsLayer { Healing = false, LookAhead = false } };
        var editor = await new TestEditor((input, output) => new Forwarder(new ForwarderOptions(input, output, door) { Layers = () => layers }, NullLogger.Instance).RunAsync(CancellationToken.None), null)
            .InitializedAsync(Initialization);
        await editor.OpenAsync("a = ");
        return editor;
    }
}
