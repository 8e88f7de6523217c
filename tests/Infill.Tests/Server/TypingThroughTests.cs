using System.Diagnostics.CodeAnalysis;
using Infill.Protocol.JsonRpc;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>What is shown stays while it is typed, comes back, and has a successor: with as little of the model's time as can be.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class TypingThroughTests
{
    private const string Other = """{"clientInfo":{"name":"Other"},"capabilities":{},"initializationOptions":{"infill":{"snapshots":"growing"}}}""";
    private static readonly SettingsLayer s_noLookAhead = new() { LookAhead = false };

    private readonly ScriptedModel _model = new() { Rule = ScriptedModel.Says("total + 1") };

    [Fact]
    public async Task Typing_what_is_shown_keeps_the_rest_without_a_step()
    {
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        Assert.Equal(["total + 1"], (await editor.InlineAsync(0, 4)).Texts());
        var steps = _model.Steps;

        List<string> shown = [];
        for (var key = 0; key < 8; key++)
        {
            await editor.TypeAsync(2 + key, 0, 4 + key, "total + 1"[key].ToString());
            shown.Add(Assert.Single((await editor.InlineAsync(0, 5 + key)).Texts()));
        }

        Assert.Equal(["otal + 1", "tal + 1", "al + 1", "l + 1", " + 1", "+ 1", " 1", "1"], shown);
        Assert.Equal(steps, _model.Steps);
    }

    [Fact]
    public async Task Backspace_brings_back_what_was_shown_before()
    {
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        await editor.InlineAsync(0, 4);
        await editor.TypeAsync(2, 0, 4, "x"); // something else: another suggestion
        await editor.InlineAsync(0, 5);
        var steps = _model.Steps;

        await editor.ChangeAsync(3, """{"range":{"start":{"line":0,"character":4},"end":{"line":0,"character":5}},"text":""}""");

        Assert.Equal(["total + 1"], (await editor.InlineAsync(0, 4)).Texts());
        Assert.Equal(steps, _model.Steps);
    }

    [Fact]
    public async Task A_running_generation_that_agrees_with_what_was_typed_is_taken_over()
    {
        var gate = _model.HoldStep(4); // prefill and two letters are there: 'tot' is shown
        await using var editor = await StartAsync(new EditorOptions { OwnLayers = [s_noLookAhead], Time = new ManualTime() }); // it waits as long as it takes
        await editor.OpenAsync("a = ");
        var first = await editor.BeginInlineAsync(0, 4, """ "partialResultToken":1 """);
        await gate.Reached;
        await editor.ReceiveAsync("$/progress"); // the editor shows the first letter

        await editor.TypeAsync(2, 0, 4, "t");
        var second = await editor.BeginInlineAsync(0, 5);
        Assert.Equal(RpcErrorCodes.ContentModified, (await first.Answer).ErrorCode());
        gate.Open();

        Assert.Equal(["otal + 1"], (await second.Answer).Texts());
        Assert.Equal(10, _model.Steps); // one generation from start to end: prefill with the first letter, eight more, the end
    }

    [Fact]
    public async Task A_running_generation_that_disagrees_ends_at_once()
    {
        var gate = _model.HoldStep(4);
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        var first = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 4, "x");

        Assert.Equal(RpcErrorCodes.ContentModified, (await first.Answer).ErrorCode());
        await AssertStoppingAsync(editor); // the answer doesn't wait for that
        gate.Open();
        await AssertQuietAsync(editor);
        Assert.True(_model.Steps <= 5);
    }

    [Fact]
    public async Task A_generation_that_nobody_takes_over_ends_after_a_third_of_a_second()
    {
        var time = new ManualTime();
        var gate = _model.HoldStep(4);
        await using var editor = await StartAsync(new EditorOptions { Time = time });
        await editor.OpenAsync("a = ");
        var first = await editor.BeginInlineAsync(0, 4, """ "partialResultToken":1 """);
        await gate.Reached;
        await editor.ReceiveAsync("$/progress");
        await editor.TypeAsync(2, 0, 4, "t");
        await first.Answer;

        time.Advance(TimeSpan.FromMilliseconds(301));

        await AssertStoppingAsync(editor); // the answer doesn't wait for that
        gate.Open();
        await AssertQuietAsync(editor);
        Assert.True(_model.Steps <= 5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Neither_a_cancelled_generation_nor_a_closed_document_s_goes_on(bool isCancelled)
    {
        var gate = _model.HoldStep(4);
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        if (isCancelled) await editor.CancelAsync(request.Id);
        else await editor.CloseAsync();

        await request.Answer;
        await AssertStoppingAsync(editor); // the answer doesn't wait for that
        gate.Open();
        await AssertQuietAsync(editor);
        Assert.True(_model.Steps <= 5);
    }

    [Fact]
    public async Task After_an_accept_the_next_suggestion_is_there_already()
    {
        await using var editor = await StartAsync(new EditorOptions());
        await editor.OpenAsync("a = ");
        await editor.InlineAsync(0, 4);
        await Wait.UntilAsync(() => Task.FromResult(_model.Steps > 10)); // ten steps make the suggestion, and the look-ahead begins behind it
        await AssertQuietAsync(editor);
        var gate = _model.HoldStep(_model.Steps + 1); // the model can't help

        await editor.TypeAsync(2, 0, 4, "total + 1");
        var answer = await editor.InlineAsync(0, 13);

        gate.Open();
        Assert.Equal(["total + 1"], answer.Texts());
    }

    [Fact]
    public async Task A_keystroke_that_disagrees_ends_the_look_ahead()
    {
        var gate = _model.HoldStep(13); // ten steps make the suggestion
        await using var editor = await StartAsync(new EditorOptions());
        await editor.OpenAsync("a = ");
        await editor.InlineAsync(0, 4);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 4, "x");
        await editor.BarrierAsync();

        gate.Open();
        await AssertQuietAsync(editor);
        Assert.True(_model.Steps <= 14);
    }

    [Fact]
    public async Task What_was_asked_for_by_hand_is_computed()
    {
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        await editor.InlineAsync(0, 4);
        var steps = _model.Steps;

        await editor.InlineAsync(0, 4, isInvoked: true);

        Assert.True(_model.Steps > steps);
    }

    [Fact]
    public async Task Switched_off_every_request_is_computed()
    {
        await using var editor = await StartAsync(new EditorOptions { OwnLayers = [new SettingsLayer { TypingThrough = false }] });
        await editor.OpenAsync("a = ");
        await editor.InlineAsync(0, 4);
        var steps = _model.Steps;

        await editor.InlineAsync(0, 4);

        Assert.True(_model.Steps > steps);
    }

    [Fact]
    public async Task An_edit_elsewhere_makes_what_was_known_worthless()
    {
        await using var editor = await StartAsync();
        await editor.OpenAsync("b\na = ");
        await editor.InlineAsync(1, 4);
        var steps = _model.Steps;

        await editor.TypeAsync(2, 0, 1, "c");
        await editor.InlineAsync(1, 4);

        Assert.True(_model.Steps > steps);
    }

    private Task<TestEditor> StartAsync() => StartAsync(new EditorOptions { OwnLayers = [s_noLookAhead] });

    private Task<TestEditor> StartAsync(EditorOptions options) => TestEditor.StartAsync(_model, Other, options with { IsTypingThrough = true });

    private static Task AssertStoppingAsync(TestEditor editor) => Wait.UntilAsync(() => Task.FromResult(editor.Engine.Snapshot() is [{ IsStopping: true }]));

    private static async Task AssertQuietAsync(TestEditor editor)
    {
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (await editor.Engine.InspectAsync(static loop => loop.Scheduler.Running.Count + loop.Scheduler.Waiting.Count) > 0) patience.Token.ThrowIfCancellationRequested();
    }
}
