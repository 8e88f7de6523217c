namespace Infill.EndToEnd;

/// <summary>The official <c>vscode-languageserver-protocol</c> client under Node drives the published server.</summary>
public sealed class OfficialClientTests(NodeSessions sessions) : IClassFixture<NodeSessions>
{
    private const int MethodNotFound = -32601;
    private const int InvalidRequest = -32600;
    private const int RequestCancelled = -32800;
    private const int ContentModified = -32801;

    public static TheoryData<string> Scenarios =>
        ["session", "notebook", "growing", "cancel", "supersede", "supersede-neovim", "exit-without-shutdown", "input-closed", "parent-gone"];

    /// <summary>Scenarios in which nothing goes wrong, whatever is cancelled.</summary>
    public static TheoryData<string> PeacefulScenarios => ["session", "notebook", "growing", "cancel", "supersede", "supersede-neovim"];

    [Fact]
    public async Task Initialize_offers_inline_completion_in_the_clients_encoding()
    {
        var report = await sessions.RunAsync("session");

        var capabilities = report.Initialize.GetProperty("capabilities");
        Assert.True(capabilities.TryGetProperty("inlineCompletionProvider", out _));
        Assert.Equal("utf-16", capabilities.GetProperty("positionEncoding").GetString());
        Assert.Equal("infill", report.Initialize.GetProperty("serverInfo").GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_suggestion_has_its_text_its_range_and_its_command()
    {
        var report = await sessions.RunAsync("session");

        Assert.All(report.Whole!.Result!.Items, item =>
        {
            Assert.NotEmpty(item.InsertText);
            Assert.Equal(new RangeReport(report.Position!, report.Position!), item.Range);
            Assert.Equal("infill.accepted", item.Command!.Command);
            Assert.NotEmpty(item.Id!);
        });
    }

    [Fact]
    public async Task Asked_by_hand_there_are_up_to_three_different_suggestions()
    {
        var report = await sessions.RunAsync("session");

        var items = report.Whole!.Result!.Items;
        Assert.InRange(items.Count, 2, 3); // the sample has more than one likely way on
        Assert.Equal(items.Count, items.Select(item => item.InsertText).Distinct().Count());
        Assert.Equal(items.Count, items.Select(item => item.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_suggestion_in_a_notebooks_cell_stands_at_the_cells_cursor()
    {
        var report = await sessions.RunAsync("notebook");

        Assert.Equal("*", report.Initialize.GetProperty("capabilities").GetProperty("notebookDocumentSync").GetProperty("notebookSelector")[0].GetProperty("notebook").GetString());
        var item = report.Whole!.Result!.Items[0];
        Assert.Equal(new RangeReport(report.Position!, report.Position!), item.Range);
        Assert.StartsWith("def __init__(self, width", item.InsertText, StringComparison.Ordinal); // as in every class of the cell above
        var after = report.AfterTyping!.Result!.Items[0];
        Assert.Equal(report.Position! with { Character = report.Position!.Character + 1 }, after.Range!.Start);
    }

    [Fact]
    public async Task A_plain_client_gets_each_finished_item_once_and_then_an_empty_answer()
    {
        var report = await sessions.RunAsync("session");

        var part = Assert.Single(report.InParts!.Parts!);
        Assert.Equal(report.Whole!.Result!.Items[0].InsertText, part[0].InsertText);
        Assert.Equal(part.Count, part.Select(item => item.Id).Distinct().Count());
        Assert.Empty(report.InParts.Result!.Items);
    }

    [Fact]
    public async Task After_an_edit_the_suggestion_stands_at_the_new_cursor()
    {
        var report = await sessions.RunAsync("session");

        Assert.NotEmpty(report.AfterTyping!.Result!.Items);
        Assert.All(report.AfterTyping.Result.Items, item => Assert.Equal(report.Position! with { Character = report.Position!.Character + 1 }, item.Range!.Start));
    }

    [Fact]
    public async Task Accepting_runs_the_items_command()
    {
        var report = await sessions.RunAsync("session");

        Assert.Equal("answered", report.Accepted);
    }

    [Fact]
    public async Task An_unknown_request_is_answered_with_an_error()
    {
        var report = await sessions.RunAsync("session");

        Assert.Equal(MethodNotFound, report.Unknown!.Code);
    }

    [Fact]
    public async Task After_shutdown_requests_are_refused_and_exit_ends_with_0()
    {
        var report = await sessions.RunAsync("session");

        Assert.Equal("answered", report.Shutdown);
        Assert.Equal(InvalidRequest, report.AfterShutdown!.Error!.Code);
        Assert.Equal(new ExitReport(0, null), report.Exit);
    }

    [Fact]
    public async Task Growing_snapshots_are_one_suggestion_each_the_beginning_of_the_next()
    {
        var report = await sessions.RunAsync("growing");

        var parts = report.InParts!.Parts!;
        Assert.All(parts.SkipLast(1), part => Assert.Single(part)); // the others come with the last
        var snapshots = parts.Where((part, i) => i == 0 || part[0].InsertText != parts[i - 1][0].InsertText).Select(part => part[0]).ToList();
        Assert.True(snapshots.Count >= parts.Count - 1, $"{parts.Count} snapshots had {snapshots.Count} texts.");
        Assert.True(snapshots.Count >= 2, $"There were {snapshots.Count} snapshots.");
        Assert.Single(snapshots.Select(item => item.Id).Distinct());
        Assert.Single(snapshots.Select(item => item.Range).Distinct());
        Assert.All(snapshots.Zip(snapshots.Skip(1)), pair =>
        {
            Assert.StartsWith(pair.First.InsertText, pair.Second.InsertText, StringComparison.Ordinal);
            Assert.True(pair.First.InsertText.Length < pair.Second.InsertText.Length);
        });
        Assert.Empty(report.InParts.Result!.Items);
    }

    [Fact]
    public async Task Cancelled_at_once_a_request_is_answered_so_with_nothing_before()
    {
        var report = await sessions.RunAsync("cancel");

        Assert.Equal(RequestCancelled, report.AtOnce!.Error?.Code);
        Assert.Empty(report.AtOnce.Parts!);
    }

    [Fact]
    public async Task Cancelled_after_its_first_snapshot_a_request_is_answered_so()
    {
        var report = await sessions.RunAsync("cancel");

        Assert.Equal(RequestCancelled, report.AfterFirstSnapshot!.Error?.Code);
        Assert.NotEmpty(report.AfterFirstSnapshot.Parts!);
    }

    [Fact]
    public async Task After_cancels_the_next_request_gets_its_suggestion()
    {
        var report = await sessions.RunAsync("cancel");

        Assert.NotEmpty(report.Next!.Result!.Items);
    }

    [Theory]
    [InlineData("supersede", ContentModified)]
    [InlineData("supersede-neovim", RequestCancelled)]
    public async Task Typing_on_ends_the_older_request_and_the_newest_gets_the_suggestion(string scenario, int code)
    {
        var report = await sessions.RunAsync(scenario);

        Assert.Equal(code, report.Outdone!.Error?.Code);
        Assert.NotEmpty(report.Newest!.Result!.Items);
        Assert.All(report.Newest.Result.Items, item => Assert.Equal(report.Position, item.Range!.Start));
    }

    [Theory]
    [InlineData("exit-without-shutdown")]
    [InlineData("input-closed")]
    public async Task An_end_without_shutdown_ends_with_1(string scenario)
    {
        var report = await sessions.RunAsync(scenario);

        Assert.Equal(new ExitReport(1, null), report.Exit);
    }

    [Fact]
    public async Task The_server_ends_with_the_process_that_is_its_editor_though_the_pipes_stay_open()
    {
        var report = await sessions.RunAsync("parent-gone");

        Assert.Null(report.Exit.Signal); // else the scenario had to end it
        Assert.True(report.Milliseconds < 15_000, $"It took {report.Milliseconds} ms.");
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Standard_output_holds_messages_and_nothing_else(string scenario)
    {
        var report = await sessions.RunAsync(scenario);

        Assert.Empty(report.Output.Stray);
        Assert.NotEqual(0, report.Output.Frames);
    }

    [Theory]
    [MemberData(nameof(PeacefulScenarios))]
    public async Task Neither_side_speaks_of_errors_where_none_happened(string scenario)
    {
        var report = await sessions.RunAsync(scenario);

        Assert.Empty(report.ConnectionErrors);
        Assert.DoesNotContain(report.Messages, message => message.Type <= 2);
    }
}
