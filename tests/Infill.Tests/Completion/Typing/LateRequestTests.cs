using System.Diagnostics.Metrics;
using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Completion.Typing;
using Infill.Tests.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Completion.Typing;

/// <summary>Each request has a thread of its own, and a thread may come to an older one later than to a newer one.</summary>
public sealed class LateRequestTests
{
    private static readonly TypingOptions s_options = new(Cache: true, LookAhead: false);

    [Fact]
    public async Task A_request_that_an_edit_outdid_does_not_end_the_newer_one_that_is_just_beginning()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("total") };
        await using var bench = await EngineBench.StartAsync(model);
        var clock = new AskedClock();
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, clock), bench.Time);
        IAsyncEnumerator<Suggestion>? older = null;
        var late = new ValueTask<bool>(true);
        clock.WhenAsked = () => // a generation looks at the clock first of all
        {
            clock.WhenAsked = static () => { };
            late = (older = Ask(typing, "a", superseded: true)).MoveNextAsync();
        };

        await using var newer = Ask(typing, "a = ", superseded: false);
        var text = "";
        while (await newer.MoveNextAsync()) text = newer.Current.Text;

        Assert.Equal("total", text);
        Assert.False(await late);
        await older!.DisposeAsync();
    }

    [Fact]
    public async Task A_request_that_an_edit_outdid_takes_no_generation_over_from_a_newer_one()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("total") };
        var gate = model.HoldStep(4);
        await using var bench = await EngineBench.StartAsync(model);
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, bench.Time), bench.Time);
        await using var newer = Ask(typing, "a = ", superseded: false);
        Assert.True(await newer.MoveNextAsync());
        await gate.Reached;

        await using var older = Ask(typing, "a = ", superseded: true);
        Assert.False(await older.MoveNextAsync());
        gate.Open();

        var text = "";
        while (await newer.MoveNextAsync()) text = newer.Current.Text;
        Assert.Equal("total", text);
    }

    [Fact]
    public async Task A_generation_that_was_cancelled_and_has_not_ended_yet_is_taken_over_by_nobody()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("total") };
        var gate = model.HoldStep(4);
        await using var bench = await EngineBench.StartAsync(model);
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, bench.Time), bench.Time);
        using var cancel = new CancellationTokenSource();
        await using var first = Ask(typing, "a = ", superseded: false, cancel.Token);
        Assert.True(await first.MoveNextAsync());
        await gate.Reached;
        await cancel.CancelAsync();

        await using var second = Ask(typing, "a = ", superseded: false);
        var begun = second.MoveNextAsync();
        gate.Open();

        Assert.True(await begun);
        var text = second.Current.Text;
        while (await second.MoveNextAsync()) text = second.Current.Text;
        Assert.Equal("total", text);
    }

    [Fact]
    public async Task A_request_that_comes_as_a_generation_ends_finds_what_is_left_of_it()
    {
        var model = new ScriptedModel { Rule = ScriptedModel.Says("total") };
        var gate = model.HoldStep(4);
        await using var bench = await EngineBench.StartAsync(model);
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, bench.Time), bench.Time);
        var asked = new TaskCompletionSource<(IAsyncEnumerator<Suggestion> Second, Task<bool> Begun)>();
        var isEnding = false;
        using var ending = new MeterListener();
        ending.SetMeasurementEventCallback<long>((instrument, _, _, _) => // told by the thread that ends it, so in the middle of that
        {
            if (instrument.Name != "infill.kept.ended" || asked.Task.IsCompleted || !Volatile.Read(ref isEnding)) return; // another test's: all share the meter
            var second = Ask(typing, "a = t", superseded: false);
            asked.TrySetResult((second, second.MoveNextAsync().AsTask()));
        });
        ending.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Infill.Completion") listener.EnableMeasurementEvents(instrument);
        };
        ending.Start();

        await using var first = Ask(typing, "a = ", superseded: false);
        Assert.True(await first.MoveNextAsync());
        await gate.Reached;
        typing.Edited("file:///a.py", SourceText.From("a = t"));
        Volatile.Write(ref isEnding, true);
        gate.Open();

        var (other, begun) = await asked.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        await using var _ = other;
        Assert.True(await begun);
        var text = other.Current.Text;
        while (await other.MoveNextAsync()) text = other.Current.Text;
        Assert.Equal("otal", text);
        Assert.Equal(6, model.Steps); // one generation: the prompt with the first letter, four more, the end
    }

    private static IAsyncEnumerator<Suggestion> Ask(TypingThrough typing, string text, bool superseded, CancellationToken cancelled = default)
    {
        var request = new SuggestionRequest(SourceText.From(text), text.Length, "a.py") { Superseded = new CancellationToken(superseded) };
        return typing.SuggestAsync("file:///a.py", request, s_options, cancelled).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    private sealed class AskedClock : TimeProvider
    {
        public Action WhenAsked { get; set; } = static () => { };

        public override long GetTimestamp()
        {
            WhenAsked();
            return base.GetTimestamp();
        }
    }
}
