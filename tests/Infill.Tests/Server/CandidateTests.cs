using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Infill.Protocol.JsonRpc;
using Infill.Tests.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>Who asks by hand has a choice.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class CandidateTests
{
    private const string Growing = """{"capabilities":{},"initializationOptions":{"infill":{"snapshots":"growing"}}}""";

    /// <summary>Says 'to'; instead of the t it would nearly have said u, instead of the o a p.</summary>
    private readonly ScriptedModel _model = new() { Rule = ScriptedModel.Says("to"), IsNearTie = static token => token is 't' or 'o' };

    [Fact]
    public async Task Asked_by_hand_there_are_up_to_three_different_candidates_the_likeliest_first()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");

        var items = (await editor.InlineAsync(0, 4, isInvoked: true)).Items();

        Assert.Equal(["to", "uo", "tp"], items.Select(static item => item.GetProperty("insertText").GetString()));
        Assert.Equal(3, items.Select(Id).Distinct().Count());
    }

    [Fact]
    public async Task While_typing_there_is_one()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");

        Assert.Equal(["to"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task Where_the_model_is_sure_there_is_one()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel { Rule = ScriptedModel.Says("to") });
        await editor.OpenAsync("a = ");

        Assert.Equal(["to"], (await editor.InlineAsync(0, 4, isInvoked: true)).Texts());
    }

    [Fact]
    public async Task Where_the_likeliest_is_to_say_nothing_the_next_likely_text_is_shown()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel
        {
            Rule = static tokens => tokens[^1] == ByteVocabulary.Middle ? ByteVocabulary.End : tokens[^1] == 'u' ? 'v' : ByteVocabulary.End,
            Liking = static token => token == 'u' ? 9 : 0,
        });
        await editor.OpenAsync("a = ");

        Assert.Equal(["uv"], (await editor.InlineAsync(0, 4, isInvoked: true)).Texts());
    }

    [Fact]
    public async Task One_whose_line_finds_no_end_is_not_offered()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel
        {
            Rule = static tokens => tokens.Contains('u') ? ScriptedModel.DependsOnAll(tokens) : ScriptedModel.Says("to")(tokens),
            IsNearTie = static token => token is 't' or 'o',
        });
        await editor.OpenAsync("a = ");

        Assert.Equal(["to", "tp"], (await editor.InlineAsync(0, 4, isInvoked: true)).Texts());
    }

    [Fact]
    public async Task Nothing_but_signs_is_no_alternative_to_words()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel
        {
            Rule = static tokens => tokens[^1] == '_' ? ByteVocabulary.End : ScriptedModel.Says("to")(tokens),
            Liking = static token => token == '_' ? 9 : 0,
        });
        await editor.OpenAsync("a = ");

        Assert.Equal(["to", "t_", "to_"], (await editor.InlineAsync(0, 4, isInvoked: true)).Texts());
    }

    [Fact]
    public async Task They_share_the_prompt_and_run_in_one_batch()
    {
        await using var editor = await TestEditor.StartAsync(_model);
        var gate = _model.HoldStep(4); // the first of another text
        await editor.OpenAsync("some text before it\na = ");

        var request = await editor.BeginInlineAsync(1, 4, isInvoked: true);
        await gate.Reached;
        while (editor.Engine.Snapshot().Count(static other => other.Id > 1) < 2) await Task.Yield(); // the first text's reader may not have left yet
        gate.Open();
        await request.Answer;

        var steps = _model.Log.Select(static step => step.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.All(steps.Skip(1).SelectMany(static step => step), static slice => Assert.True(Count(slice) <= 3, slice));
        Assert.Contains(steps, static step => step.Length == 2);
    }

    [Fact]
    public async Task The_first_grows_as_ever_and_the_others_come_with_the_last_snapshot()
    {
        var third = _model.HoldStep(3); // the end: what grew within 30 ms is sent with it
        var time = new ManualTime();
        await using var editor = await TestEditor.StartAsync(_model, Growing, new EditorOptions { Time = time });
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4, """ "partialResultToken":"p" """, isInvoked: true);
        await editor.ReceiveAsync("$/progress");
        await third.Reached;
        time.Advance(TimeSpan.FromMilliseconds(31)); // another snapshot is due
        third.Open();

        Assert.Empty((await request.Answer).Items());

        var snapshots = editor.Received("$/progress").ConvertAll(static partial => partial.GetProperty("value").EnumerateArray().ToList());
        Assert.All(snapshots.SkipLast(1), static snapshot => Assert.Single(snapshot));
        Assert.Equal(["to", "uo", "tp"], snapshots[^1].Select(static item => item.GetProperty("insertText").GetString()));
        Assert.Equal(Id(snapshots[0][0]), Id(snapshots[^1][0]));
    }

    [Fact]
    public async Task An_edit_ends_them_all()
    {
        var gate = _model.HoldStep(4); // the prompt with the t, the o, the end; then the two others
        await using var editor = await TestEditor.StartAsync(_model);
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4, isInvoked: true);
        await gate.Reached;

        await editor.TypeAsync(2, 0, 4, "x");

        Assert.Equal(RpcErrorCodes.ContentModified, (await request.Answer).ErrorCode());
        gate.Open();
        Assert.Equal((0, 0), await editor.Engine.InspectAsync(static loop => (loop.Scheduler.Running.Count, loop.Scheduler.Waiting.Count)));
        Assert.Equal(4, _model.Steps);
    }

    private static int Count(string slice) => int.Parse(slice[(slice.IndexOf('+', StringComparison.Ordinal) + 1)..].Split('~')[0]);

    private static string Id(JsonElement item) => item.GetProperty("command").GetProperty("arguments")[0].GetString()!;
}
