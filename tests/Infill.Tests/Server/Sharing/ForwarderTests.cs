using System.Text.Json;
using Infill.Engine;
using Infill.Models;
using Infill.Models.Pulling;
using Infill.Server.Settings;
using Infill.Server.Sharing;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Sharing;

/// <summary>An editor before a shared engine notices nothing of the sharing, nor of an engine that is lost.</summary>
public sealed class ForwarderTests
{
    private readonly List<string?> _kept = []; // choices of a model; null is the embedded one
    private readonly Dictionary<string, string> _variables = [];

    private const string ShowsProgress = """{"capabilities":{"textDocument":{"inlineCompletion":{}},"window":{"workDoneProgress":true}}}""";
    private const string Initialization = """{"clientInfo":{"name":"test"},"capabilities":{"textDocument":{"inlineCompletion":{}}},"initializationOptions":{"infill":{"typingThrough":false}}}""";

    [Fact]
    public async Task Initialize_is_answered_before_there_is_an_engine()
    {
        var door = new TestDoor();
        await using var editor = Editor(door);

        var answer = await editor.AskAsync("initialize", Initialization);

        Assert.Equal("infill", answer.GetProperty("result").GetProperty("serverInfo").GetProperty("name").GetString());
        Assert.Equal(0, door.Opened);
    }

    [Fact]
    public async Task A_suggestion_comes_from_the_shared_engine_for_the_text_as_it_was_edited()
    {
        var prompts = new PromptLog();
        await using var engine = new SharedBench(Saying("1", prompts));
        await using var editor = await Editor(LeadingTo(engine)).InitializedAsync(Initialization);
        await editor.OpenAsync("x = \ny");
        await editor.TypeAsync(2, 0, 4, "a");

        var answer = await editor.InlineAsync(0, 5);

        Assert.Equal(["1"], answer.Texts());
        Assert.Equal(["x = a‸\ny"], prompts.Prompts);
    }

    [Fact]
    public async Task Each_editor_is_a_client_of_its_own()
    {
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        var door = LeadingTo(engine);
        await using var first = await Editor(door).InitializedAsync(Initialization);
        await first.OpenAsync("x");
        await first.InlineAsync(0, 1);
        await using var second = await Editor(door).InitializedAsync(Initialization);
        await second.OpenAsync("y");
        await second.InlineAsync(0, 1);

        Assert.Equal(["test 1", "test 2"], engine.Engine.RecentlyFinished().Select(static each => each.Client).Distinct().Order());
        Assert.Equal(["test 1", "test 2"], engine.Listener.Editors.Order());
    }

    [Fact]
    public async Task A_model_that_is_chosen_is_another_engine_s_and_the_others_keep_theirs()
    {
        var prompts = new PromptLog();
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        await using var chosenEngine = new SharedBench(Saying("2", prompts));
        var door = LeadingTo(engine);
        door.Models[DefaultModel.Path] = LeadingTo(chosenEngine);
        await using var other = await Editor(door).InitializedAsync(Initialization);
        await other.OpenAsync("y = ");
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("x = ");
        await editor.TypeAsync(2, 0, 4, "a");
        Assert.Equal(["1"], (await editor.InlineAsync(0, 5)).Texts());
        Assert.Equal(["1"], (await other.InlineAsync(0, 4)).Texts());

        var chosen = (await UseEmbeddedAsync(editor)).GetProperty("result");

        Assert.True(chosen.GetProperty("isInUse").GetBoolean());
        Assert.Equal("embedded is used from now on.", chosen.GetProperty("message").GetString());
        Assert.Equal(["name", "path", "isInUse", "message"], chosen.EnumerateObject().Select(static member => member.Name));
        Assert.Equal([null], _kept);
        Assert.Equal(["2"], (await editor.InlineAsync(0, 5)).Texts());
        Assert.Equal("x = a‸", Assert.Single(prompts.Prompts)); // with the text as it was edited
        Assert.Equal(["1"], (await other.InlineAsync(0, 4)).Texts());
        Assert.False(door.IsLeftForGood);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_leaves_all_as_it_was()
    {
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        var door = LeadingTo(engine);
        door.Models[DefaultModel.Path] = new TestDoor { LoadProblem = "It is torn." };
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("x = ");

        var answer = await UseEmbeddedAsync(editor);

        Assert.Equal("It is torn. The model before it is used again.", answer.ErrorMessage());
        Assert.Empty(_kept);
        Assert.Equal(["1"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Theory]
    [InlineData(true, "\"here\"")]
    [InlineData(false, "\"infill.work.1\"")] // a client that names no place is asked for one
    public async Task How_far_the_chosen_model_s_loading_is_is_shown_in_percent(bool isGiven, string token)
    {
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        await using var chosenEngine = new SharedBench(Saying("2", new PromptLog()));
        var door = LeadingTo(engine);
        door.Models[DefaultModel.Path] = new TestDoor { Loading = [12, 57] };
        door.Models[DefaultModel.Path].LeadTo(chosenEngine);
        await using var editor = await Editor(door).InitializedAsync(ShowsProgress);

        await UseEmbeddedAsync(editor, isGiven ? ""","workDoneToken":"here" """ : "");

        Assert.Equal(["begin 0", "report 12", "report 57", "end embedded is used from now on."], Shown(editor, token));
    }

    [Fact]
    public async Task The_progress_of_a_model_that_cannot_be_loaded_ends()
    {
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        var door = LeadingTo(engine);
        door.Models[DefaultModel.Path] = new TestDoor { Loading = [12], LoadProblem = "It is torn." };
        await using var editor = await Editor(door).InitializedAsync(ShowsProgress);

        await UseEmbeddedAsync(editor, ""","workDoneToken":"here" """);

        Assert.Equal(["begin 0", "report 12", "end it failed"], Shown(editor, "\"here\""));
    }

    [Fact]
    public async Task A_second_choice_is_shown_as_the_first_was()
    {
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        await using var chosenEngine = new SharedBench(Saying("2", new PromptLog()));
        var door = LeadingTo(engine);
        var chosen = new TestDoor { Loading = [12] };
        chosen.LeadTo(chosenEngine);
        door.Models[DefaultModel.Path] = chosen.Models[DefaultModel.Path] = chosen;
        await using var editor = await Editor(door).InitializedAsync(ShowsProgress);
        await UseEmbeddedAsync(editor);

        await UseEmbeddedAsync(editor);

        string[] once = ["begin 0", "report 12", "end embedded is used from now on."];
        Assert.Equal([.. once, .. once], Shown(editor, "\"infill.work.1\"")); // each engine's first work
        Assert.Single(editor.Received("window/workDoneProgress/create"), static asked => asked.GetProperty("token").ValueEquals("infill.model")); // that another engine loads is not to be noticed otherwise
    }

    [Fact]
    public async Task The_last_editor_that_leaves_for_another_model_ends_the_engine_first()
    {
        var renewed = 0;
        await using var engine = new SharedBench(Saying("1", new PromptLog()), renew: () => renewed++);
        await using var chosenEngine = new SharedBench(Saying("2", new PromptLog()));
        var door = LeadingTo(engine);
        door.Models[DefaultModel.Path] = LeadingTo(chosenEngine);
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("x = ");

        await UseEmbeddedAsync(editor);

        Assert.True(door.IsLeftForGood); // there may be no memory for both models
        await Wait(() => renewed == 1);
        Assert.Equal(["2"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task A_new_engine_is_asked_for_once_and_the_request_is_not_repeated_to_it()
    {
        var renewed = 0;
        await using var engine = new SharedBench(Saying("1", new PromptLog()), renew: () => Interlocked.Increment(ref renewed));
        await using var editor = await Editor(LeadingTo(engine)).InitializedAsync(Initialization);
        await editor.OpenAsync("x = ");
        await editor.InlineAsync(0, 4);

        var answer = await editor.AskAsync("workspace/executeCommand", """{"command":"infill.engine.restart"}""");

        Assert.Equal(JsonValueKind.Null, answer.GetProperty("result").ValueKind);
        await Wait(() => Volatile.Read(ref renewed) == 1);
    }

    [Fact]
    public async Task The_live_page_is_the_shared_engine_s()
    {
        await using var engine = new SharedBench(Saying("1", new PromptLog()));
        var door = LeadingTo(engine);
        await using var first = await Editor(door).InitializedAsync(Initialization);
        await using var second = await Editor(door).InitializedAsync(Initialization);
        await first.OpenAsync("x = ");
        await first.InlineAsync(0, 4);
        await second.OpenAsync("x = ");
        await second.InlineAsync(0, 4);

        var answer = await second.AskAsync("workspace/executeCommand", """{"command":"infill.page.open"}""");

        var report = await PageVisit.ReportAsync(answer.GetProperty("result").GetProperty("url").GetString()!);
        Assert.Equal(["test 1", "test 2"], report.GetProperty("clients").EnumerateArray().Select(static client => client.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_model_is_pulled_from_the_hub_that_the_editor_s_own_process_knows()
    {
        _variables["HF_ENDPOINT"] = "http://127.0.0.1:1";
        var store = new ModelStore(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()));
        await using var engine = new SharedBench(Saying("1", new PromptLog()), EditorOptions.NoModels with { Store = store, Pulling = new PullOptions { Attempts = 1 } });
        await using var editor = await Editor(LeadingTo(engine)).InitializedAsync(Initialization);

        var answer = await editor.AskAsync("workspace/executeCommand", """{"command":"infill.model.pull","arguments":["owner/repo:m.gguf"]}""");

        if (Directory.Exists(store.Folder)) Directory.Delete(store.Folder, recursive: true);
        Assert.Contains("127.0.0.1:1", answer.ErrorMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_engine_knows_the_notebooks_and_which_of_their_cells_are_unknown()
    {
        var after = new PromptLog();
        var lost = new SharedBench(Saying("one", new PromptLog()));
        var door = LeadingTo(lost);
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        var notebook = new TestNotebook(editor);
        await notebook.OpenAsync("a", "b = ", "c");
        await notebook.TypeAsync(0, 2, 0, 1, "!");
        await notebook.TypeAsync(2, 2, 70, 0, "x");
        await editor.InlineAsync(0, 4, uri: TestNotebook.Cell(1));
        await using var next = new SharedBench(Saying("two", after));
        door.Shut();
        await lost.DisposeAsync();
        door.LeadTo(next);

        Assert.Equal(["two"], (await editor.InlineAsync(0, 4, uri: TestNotebook.Cell(1))).Texts());
        Assert.Equal(["a!\n\nb = ‸\n\n"], after.Prompts);
        Assert.Empty((await editor.InlineAsync(0, 1, uri: TestNotebook.Cell(2))).Items());
    }

    [Fact]
    public async Task An_engine_that_is_lost_while_it_writes_is_replaced_and_the_request_is_answered_once()
    {
        var (before, after) = (new PromptLog(), new PromptLog());
        var lost = new SharedBench(Saying("one", before));
        var door = LeadingTo(lost);
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("a = 1\nb = ");
        await editor.TypeAsync(2, 1, 4, "a");
        var gate = lost.Model.HoldStep(2);
        var asked = await editor.BeginInlineAsync(1, 5);
        await gate.Reached;
        await using var next = new SharedBench(Saying("two", after));

        door.LeadTo(next);
        gate.Open();
        await lost.DisposeAsync();

        // Which of the two engines was faster is theirs to decide; that it is answered once is checked when the editor leaves.
        Assert.Contains((await asked.Answer).Texts().SingleOrDefault(), (string?[])["one", "two"]);
        Assert.Equal(["two"], (await editor.InlineAsync(1, 5)).Texts());
        Assert.All(after.Prompts, static prompt => Assert.Equal("a = 1\nb = a‸", prompt)); // the documents are the same on both sides
    }

    [Fact]
    public async Task While_there_is_no_engine_edits_are_kept_and_outdated_requests_end()
    {
        var prompts = new PromptLog();
        var door = new TestDoor();
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("x = ");
        var outdated = await editor.BeginInlineAsync(0, 4);
        await editor.TypeAsync(2, 0, 4, "a");
        var cancelled = await editor.BeginInlineAsync(0, 5);
        await editor.CancelAsync(cancelled.Id);
        var waiting = await editor.BeginInlineAsync(0, 5);

        Assert.Equal(-32801, (await outdated.Answer).ErrorCode());
        Assert.Equal(-32800, (await cancelled.Answer).ErrorCode());
        await using var engine = new SharedBench(Saying("1", prompts));
        door.LeadTo(engine);

        Assert.Equal(["1"], (await waiting.Answer).Texts());
        Assert.Equal(["x = a‸"], prompts.Prompts);
    }

    [Fact]
    public async Task A_document_that_is_out_of_step_stays_so_with_the_next_engine()
    {
        var lost = new SharedBench(Saying("1", new PromptLog()));
        var door = LeadingTo(lost);
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("x = ");
        await editor.TypeAsync(2, 99, 0, "a"); // outside the text
        Assert.Empty((await editor.InlineAsync(0, 4)).Texts());
        await using var next = new SharedBench(Saying("1", new PromptLog()));
        door.LeadTo(next);
        await lost.DisposeAsync();

        Assert.Empty((await editor.InlineAsync(0, 4)).Texts());
        await editor.ChangeAsync(3, """{"text":"y = "}""");
        Assert.Equal(["1"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task What_was_shown_in_part_is_not_shown_again_by_the_next_engine()
    {
        var lost = new SharedBench(Saying("one two", new PromptLog()));
        var door = LeadingTo(lost);
        await using var editor = await Editor(door).InitializedAsync("""{"capabilities":{"textDocument":{"inlineCompletion":{}}},"initializationOptions":{"infill":{"snapshots":"growing"}}}""");
        await editor.OpenAsync("x = ");
        var gate = lost.Model.HoldStep(5);
        var asked = await editor.BeginInlineAsync(0, 4, "\"partialResultToken\":\"t\"");
        await editor.ReceiveAsync("$/progress");
        await gate.Reached;
        await using var next = new SharedBench(Saying("other", new PromptLog()));
        door.LeadTo(next);
        var ending = lost.DisposeAsync();
        gate.Open();
        await ending;

        Assert.Empty((await asked.Answer).Items()); // its result is what had gone before
        Assert.DoesNotContain(editor.Received("$/progress"), static each => each.GetRawText().Contains("other", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_there_is_no_way_to_an_engine_it_is_said_once_and_nothing_hangs()
    {
        var door = new TestDoor { Problem = "the way is shut." };
        await using var editor = await Editor(door).InitializedAsync(Initialization);
        await editor.OpenAsync("x");

        Assert.Empty((await editor.InlineAsync(0, 1)).Texts());
        Assert.Empty((await editor.InlineAsync(0, 1)).Texts());

        Assert.Equal("Infill can't suggest anything: the way is shut.", Assert.Single(editor.Received("window/showMessage")).GetProperty("message").GetString());
    }

    [Fact]
    public async Task Requests_before_initialize_and_after_shutdown_are_refused_here()
    {
        await using var editor = Editor(new TestDoor());

        Assert.Equal(-32002, (await editor.AskAsync("textDocument/inlineCompletion", "{}")).ErrorCode());
        await editor.InitializedAsync(Initialization);
        Assert.Equal(JsonValueKind.Null, (await editor.AskAsync("shutdown")).GetProperty("result").ValueKind);
        Assert.Equal(-32600, (await editor.AskAsync("textDocument/inlineCompletion", "{}")).ErrorCode());
        await editor.NotifyAsync("exit", "{}");
        Assert.Equal(0, await editor.Running.WaitAsync(TestEditor.Limit));
    }

    [Fact]
    public async Task An_answer_to_a_lost_engine_is_nobody_s()
    {
        var asked = new List<string>(); // ids of the engines' questions; answered by the test
        var lost = new SharedBench(Saying("1", new PromptLog()));
        var door = LeadingTo(lost);
        var options = new EditorOptions { OnRequest = static (_, _) => null };
        await using var editor = await Editor(door, options).InitializedAsync("""{"capabilities":{"workspace":{"configuration":true},"textDocument":{"inlineCompletion":{}}}}""");
        await editor.ReceiveAsync("workspace/configuration");
        await using var next = new SharedBench(Saying("1", new PromptLog()));
        door.LeadTo(next);
        await lost.DisposeAsync();
        await Wait(() => editor.Received("workspace/configuration").Count == 2);
        await editor.SendAsync("""{"jsonrpc":"2.0","id":1000000,"result":[{"enabled":false}]}"""); // the first engine's question
        await editor.OpenAsync("x");

        Assert.Equal(["1"], (await editor.InlineAsync(0, 1)).Texts());
    }

    private static Task<JsonElement> UseEmbeddedAsync(TestEditor editor, string more = "") =>
        editor.AskAsync("workspace/executeCommand", $$"""{"command":"infill.model.use","arguments":["embedded"]{{more}}}""");

    /// <summary>What the editor was shown under a token, in its order.</summary>
    private static IEnumerable<string> Shown(TestEditor editor, string token) => editor.Received("$/progress")
        .Where(progress => progress.GetProperty("token").GetRawText() == token)
        .Select(static progress => progress.GetProperty("value"))
        .Select(static value => $"{value.GetProperty("kind")} {(value.TryGetProperty("percentage", out var percentage) ? percentage : value.GetProperty("message"))}");

    private static Task Wait(Func<bool> isSo) => Scenarios.Wait.UntilAsync(() => Task.FromResult(isSo()));

    private static ScriptedModel Saying(string text, PromptLog prompts) => new() { Rule = prompts.Before(ScriptedModel.Says(text)) };

    private static TestDoor LeadingTo(SharedBench engine)
    {
        var door = new TestDoor();
        door.LeadTo(engine);
        return door;
    }

    /// <remarks>Without healing: scripts speak from the cursor on.</remarks>
    private TestEditor Editor(IEngineDoor door, EditorOptions? options = null)
    {
        var layers = new SettingsLayer?[] { new SettingsLayer { Healing = false } };
        return new((input, output) => new Forwarder(new ForwarderOptions(input, output, door) { Layers = () => layers, KeepModel = _kept.Add, Variables = _variables }, NullLogger.Instance).RunAsync(CancellationToken.None), options);
    }
}
