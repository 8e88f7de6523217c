using System.Text.Json;
using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Engine;
using Infill.Server;
using Infill.Server.Settings;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server;

/// <summary>The model comes late, or never.</summary>
public sealed class ModelLoadingTests
{
    private const string ShowsProgress = """{"capabilities":{"window":{"workDoneProgress":true}}}""";

    [Fact]
    public async Task A_request_whose_deadline_comes_before_the_model_is_answered_with_nothing()
    {
        var loading = new Gate();
        var time = new ManualTime();
        await using var editor = await TestEditor.StartAsync(
            () =>
            {
                loading.Pass();
                return new ScriptedWeights(new ScriptedModel());
            },
            options: new EditorOptions { Time = time, OwnLayers = [new SettingsLayer { Deadline = 300 }] });
        await editor.OpenAsync("a = ");
        var request = await editor.BeginInlineAsync(0, 4);
        await loading.Reached;
        await time.TimerAsync();

        time.Advance(TimeSpan.FromMilliseconds(300));

        var answer = await request.Answer;
        loading.Open();
        Assert.Equal("""{"items":[]}""", answer.GetProperty("result").GetRawText());
    }

    [Fact]
    public void A_second_copy_wants_a_second_GPU()
    {
        var settings = new InfillSettings { Gpu = "off", Engine = new EngineOptions { Replicas = 2 } };

        var problem = Assert.Throws<EngineException>(() => ModelLoading.Load(settings, NullLogger.Instance, replica: 1));

        Assert.Equal("gpuReplicas is 2, but no GPU is used, and the processor has one copy; 'infill doctor' says why.", problem.Message);
    }

    [Fact]
    public async Task Time_spent_waiting_for_the_model_counts_towards_the_deadline()
    {
        var loading = new Gate();
        var time = new ManualTime();
        var model = new ScriptedModel();
        var first = model.HoldStep(1);
        await using var engine = new CompletionEngine(
            () =>
            {
                loading.Pass();
                return new ScriptedWeights(model);
            },
            new EngineOptions(),
            time,
            NullLogger.Instance);
        var request = new SuggestionRequest(SourceText.From("a = "), 4, "a.py") { Deadline = TimeSpan.FromSeconds(1) };
        var running = LastAsync(new CompletionService(engine, time), request);
        await time.TimerAsync();
        time.Advance(TimeSpan.FromMilliseconds(900));
        loading.Open();
        await first.Reached;

        time.Advance(TimeSpan.FromMilliseconds(100));

        first.Open();
        Assert.Equal(FinishReason.Deadline, (await running.WaitAsync(TestEditor.Limit)).Finish);
    }

    [Fact]
    public async Task How_far_the_loading_is_is_shown_in_percent_and_not_too_often()
    {
        var loading = new Gate();
        var time = new ManualTime();
        var options = new EditorOptions { Time = time };
        await using var editor = await TestEditor.StartAsync(
            () =>
            {
                loading.Pass();
                return new ScriptedWeights(new ScriptedModel());
            },
            ShowsProgress,
            options);
        await editor.ReceiveAsync("$/progress", static each => Value(each, "kind") == "begin");

        options.Progress.Report(0.2f); // at once: a small model is there sooner than anybody reads it
        time.Advance(TimeSpan.FromMilliseconds(100));
        options.Progress.Report(0.4f);
        options.Progress.Report(0.41f);
        loading.Open();

        await editor.ReceiveAsync("$/progress", static each => Value(each, "kind") == "end");
        Assert.Equal(["begin", "40", "end"], editor.Received("$/progress").Select(static each => Value(each, "percentage") ?? Value(each, "kind")));

        static string? Value(JsonElement progress, string name) => progress.GetProperty("value").TryGetProperty(name, out var value) ? value.ToString() : null;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_model_that_cannot_be_loaded_is_said_once_and_suggestions_stay_empty(bool isExpected)
    {
        Exception failure = isExpected ? new EngineException("The model is not there.") : new InvalidOperationException("The model is not there.");
        await using var editor = await TestEditor.StartAsync(() => throw failure);
        await editor.OpenAsync("a = ");
        await editor.ReceiveAsync("window/showMessage");

        var first = await editor.InlineAsync(0, 4);
        var second = await editor.InlineAsync(0, 4);

        Assert.Equal("""{"items":[]}""", first.GetProperty("result").GetRawText());
        Assert.Equal("""{"items":[]}""", second.GetProperty("result").GetRawText());
        Assert.Contains("The model is not there.", Assert.Single(editor.Received("window/showMessage")).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loading_is_shown_as_progress_where_the_client_can()
    {
        await using var editor = await TestEditor.StartAsync(new ScriptedModel(), ShowsProgress);

        await editor.ReceiveAsync("$/progress", static progress => progress.GetProperty("value").GetProperty("kind").ValueEquals("end"));

        Assert.Equal(
            ["begin", "end"], editor.Received("$/progress").Select(static progress => progress.GetProperty("value").GetProperty("kind").GetString()!));
        Assert.Single(editor.Received("window/workDoneProgress/create"));
    }

    [Fact]
    public async Task A_client_that_never_answers_about_progress_still_hears_that_there_is_no_model()
    {
        var silent = new EditorOptions { OnRequest = static (_, _) => null };
        await using var editor = await TestEditor.StartAsync(() => throw new EngineException("It is gone."), ShowsProgress, silent);

        var message = await editor.ReceiveAsync("window/showMessage");

        Assert.Contains("It is gone.", message.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_ask_for_more_than_the_model_takes_are_cut_to_it()
    {
        await using var editor = await TestEditor.StartAsync(
            new ScriptedModel(contextCells: 512) { Rule = ScriptedModel.Says("hello") },
            options: new EditorOptions { OwnLayers = [new SettingsLayer { MaxTokens = 512, PrefixTokens = 65_536, SuffixTokens = 65_536 }] });
        await editor.OpenAsync(string.Concat(Enumerable.Repeat("x = 1\n", 1000)) + "a = ");

        var answer = await editor.InlineAsync(1000, 4);

        Assert.Single(answer.Items());
        Assert.Empty(editor.Warnings());
    }

    [Fact]
    public async Task A_step_that_fails_costs_its_requests_their_suggestion_and_nothing_else()
    {
        var model = new ScriptedModel
        {
            Rule = ScriptedModel.Says("hello"),
            BeforeStep = static step => step <= 2 ? throw new EngineException("The backend failed.") : null,
        };
        await using var editor = await TestEditor.StartAsync(model);
        await editor.OpenAsync("a = ");

        var failed = await editor.InlineAsync(0, 4);
        var next = await editor.InlineAsync(0, 4);

        Assert.Empty(failed.Items());
        Assert.Equal(["hello"], next.Texts());
    }

    private static async Task<Suggestion> LastAsync(CompletionService service, SuggestionRequest request)
    {
        Suggestion? last = null;
        await foreach (var suggestion in service.SuggestAsync(request)) last = suggestion;
        return last!;
    }
}
