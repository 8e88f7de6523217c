using System.Diagnostics.CodeAnalysis;
using Infill.Completion.Acceptance;
using Infill.Server.Settings;
using Infill.Server.Statistics;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Statistics;

/// <summary>What editors say and do with a suggestion, through the whole server and into the user's file.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class AcceptanceTests : IDisposable
{
    private static readonly TimeSpan s_read = TimeSpan.FromSeconds(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("infill-stats-").FullName;
    private readonly ManualTime _time = new();
    private readonly ScriptedModel _model = new() { Rule = ScriptedModel.Says("total + 1") };
    private readonly StatisticsFile _file;

    public AcceptanceTests() => _file = new StatisticsFile(Path.Combine(_folder, "stats.json"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_client_that_says_nothing_is_understood_by_its_edits()
    {
        await using (var editor = await StartAsync())
        {
            await editor.OpenAsync("a = ");
            await editor.InlineAsync(0, 4);
            await editor.TypeAsync(2, 0, 4, "total + 1");
        }

        var sum = Sum();
        Assert.Equal((1, 1, 9, 9), (sum.Shown, sum.Accepted, sum.Characters, sum.CharactersKept));
    }

    [Fact]
    public async Task One_that_runs_the_command_and_edits_is_counted_once()
    {
        await using (var editor = await StartAsync())
        {
            await editor.OpenAsync("a = ");
            var item = (await editor.InlineAsync(0, 4)).Items().Single();
            await editor.AskAsync("workspace/executeCommand", item.GetProperty("command").GetRawText());
            await editor.TypeAsync(2, 0, 4, "total + 1");
        }

        Assert.Equal(1, Sum().Accepted);
    }

    [Fact]
    public async Task A_part_that_is_told_of_before_the_edit_is_counted_once()
    {
        await using (var editor = await StartAsync())
        {
            await editor.OpenAsync("a = ");
            var item = (await editor.InlineAsync(0, 4)).Items().Single();
            await editor.NotifyAsync("textDocument/didPartiallyAcceptCompletion", $$"""{"item":{{item.GetRawText()}},"acceptedLength":5}""");
            await editor.TypeAsync(2, 0, 4, "total");
        }

        var sum = Sum();
        Assert.Equal((1, 0, 5), (sum.AcceptedWords, sum.Accepted, sum.Characters));
    }

    [Fact]
    public async Task An_entry_taken_from_the_menu_of_a_client_without_ghost_text_counts()
    {
        await using (var editor = await StartAsync("""{"capabilities":{}}"""))
        {
            await editor.OpenAsync("a = ");
            await editor.AskAsync("textDocument/completion", $$"""{"textDocument":{"uri":"{{TestEditor.Uri}}" },"position":{"line":0,"character":4} }""");
            await editor.TypeAsync(2, 0, 4, "total + 1");
        }

        Assert.Equal(1, Sum().Accepted);
    }

    [Fact]
    public async Task Turned_off_nothing_is_counted()
    {
        await using (var editor = await StartAsync(settings: new SettingsLayer { Statistics = false }))
        {
            await editor.OpenAsync("a = ");
            await editor.InlineAsync(0, 4);
            await editor.TypeAsync(2, 0, 4, "total + 1");
        }

        Assert.False(File.Exists(_file.Path));
    }

    [Fact]
    public async Task After_five_that_were_read_and_not_used_the_next_comes_later_and_by_hand_at_once()
    {
        await using var editor = await StartAsync(settings: new SettingsLayer { Deadline = 600_000 }); // by the same clock
        await editor.OpenAsync("a = ");
        for (var number = 0; number < 5; number++) await IgnoreAsync(editor, number);

        var automatic = await editor.BeginInlineAsync(0, 9);
        await editor.InlineAsync(0, 9, isInvoked: true); // which has overtaken it

        Assert.False(automatic.Answer.IsCompleted);
        while (!automatic.Answer.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            await editor.BarrierAsync();
        }

        Assert.Equal(["total + 1"], (await automatic.Answer).Texts());
    }

    [Fact]
    public async Task With_backing_off_turned_off_the_sixth_comes_as_the_first()
    {
        await using var editor = await StartAsync(settings: new SettingsLayer { BackOff = false });
        await editor.OpenAsync("a = ");
        for (var number = 0; number < 5; number++) await IgnoreAsync(editor, number);

        Assert.Equal(["total + 1"], (await editor.InlineAsync(0, 9)).Texts());
    }

    private async Task IgnoreAsync(TestEditor editor, int number)
    {
        Assert.Single((await editor.InlineAsync(0, 4 + number)).Texts());
        _time.Advance(s_read);
        await editor.TypeAsync(2 + number, 0, 4 + number, "x");
    }

    private Tally Sum() => _file.Read().Single().Value["python"];

    private Task<TestEditor> StartAsync(string initialization = """{"capabilities":{"textDocument":{"inlineCompletion":{}}}}""", SettingsLayer? settings = null) =>
        TestEditor.StartAsync(_model, initialization, new EditorOptions { Time = _time, Statistics = _file, IsTypingThrough = settings is not null, OwnLayers = [settings] });
}
