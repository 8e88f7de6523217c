using System.Diagnostics.CodeAnalysis;
using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Completion.Typing;
using Infill.Engine;
using Infill.Tests.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Completion.Typing;

/// <summary>Somebody types faster than a slow model answers.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class DebounceTests
{
    private const string Uri = "file:///a.py";
    private const string Place = "some_name_of_a_length = ";

    private readonly ScriptedModel _model = new() { Rule = ScriptedModel.Says("total") };
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_key_that_others_follow_at_once_costs_a_slow_model_nothing()
    {
        await using var bench = await EngineBench.StartAsync(_model);
        var typing = await SlowAsync(bench);
        var steps = _model.Steps;

        using var outdone = new CancellationTokenSource();
        var first = LastAsync(typing, Place + "((", superseded: outdone.Token);
        Edit(typing, Place + "(((");
        await outdone.CancelAsync();
        Assert.Equal("", await first);
        var second = LastAsync(typing, Place + "(((");

        Assert.Equal(steps, _model.Steps);
        _time.Advance(TimeSpan.FromMilliseconds(125));
        Assert.Equal("total", await second);
        Assert.True(_model.Steps > steps);
    }

    [Fact]
    public async Task What_is_asked_for_by_hand_is_not_waited_with()
    {
        await using var bench = await EngineBench.StartAsync(_model);
        var typing = await SlowAsync(bench);

        Assert.Equal("total", await LastAsync(typing, Place + "((", RequestPriority.Invoked));
    }

    [Fact]
    public async Task What_is_known_comes_at_once()
    {
        await using var bench = await EngineBench.StartAsync(_model);
        var typing = await SlowAsync(bench);

        Assert.Equal("otal", await LastAsync(typing, Place + "(t"));
    }

    [Fact]
    public async Task Who_is_left_in_peace_waits_for_longer_than_a_key_takes()
    {
        await using var bench = await EngineBench.StartAsync(_model);
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, _time), _time, static () => TimeSpan.FromSeconds(1));

        var suggestion = LastAsync(typing, "a = ");
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, _model.Steps);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("total", await suggestion);
    }

    [Fact]
    public async Task What_a_new_place_costs_says_nothing_of_a_key()
    {
        await using var bench = await EngineBench.StartAsync(_model);
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, _time), _time);
        await AskSlowlyAsync(typing, Place);
        Type(typing);

        Assert.Equal("total", await LastAsync(typing, Place + "(("));
    }

    /// <summary>A key's text took 400 ms, keys come every 100.</summary>
    private async Task<TypingThrough> SlowAsync(EngineBench bench)
    {
        var typing = new TypingThrough(() => new CompletionService(bench.Engine, _time), _time);
        Assert.Equal("total", await LastAsync(typing, Place));
        await AskSlowlyAsync(typing, Place + "(");
        Type(typing);
        return typing;
    }

    private async Task AskSlowlyAsync(TypingThrough typing, string text)
    {
        var gate = _model.HoldStep(_model.Steps + 1);
        var suggestion = LastAsync(typing, text);
        await gate.Reached;
        _time.Advance(TimeSpan.FromMilliseconds(400));
        gate.Open();
        Assert.Equal("total", await suggestion);
    }

    private void Type(TypingThrough typing)
    {
        for (var key = 0; key < 3; key++)
        {
            Edit(typing, Place + "(");
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    private static void Edit(TypingThrough typing, string text) => typing.Edited(Uri, SourceText.From(text));

    private static async Task<string> LastAsync(
        TypingThrough typing, string text, RequestPriority priority = RequestPriority.Automatic, CancellationToken superseded = default)
    {
        var request = new SuggestionRequest(SourceText.From(text), text.Length, "a.py") { Priority = priority, Superseded = superseded };
        var last = "";
        await foreach (var suggestion in typing.SuggestAsync(Uri, request, new TypingOptions(Cache: true, LookAhead: false), CancellationToken.None)) last = suggestion.Text;
        return last;
    }
}
