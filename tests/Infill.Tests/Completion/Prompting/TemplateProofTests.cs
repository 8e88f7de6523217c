using Infill.Completion;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Tests.Engine;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Completion.Prompting;

public sealed class TemplateProofTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("infill-proofs-").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_template_that_fills_known_gaps_is_used_and_never_asked_again()
    {
        Assert.True(await StepsOfStartAsync(Fills("model a")) > 0);
        Assert.Equal(0, await StepsOfStartAsync(Fills("model a")));
    }

    [Fact]
    public async Task What_one_model_proved_says_nothing_of_another()
    {
        await StepsOfStartAsync(Fills("model a"));

        Assert.True(await StepsOfStartAsync(Fills("model b")) > 0);
    }

    [Fact]
    public async Task A_model_that_can_t_be_told_from_others_proves_itself_each_time()
    {
        await StepsOfStartAsync(Fills(""));

        Assert.True(await StepsOfStartAsync(Fills("")) > 0);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("return item;\n}")]
    [InlineData("item = items[0];")] // right once, as a model may be by chance
    public async Task A_template_that_fills_none_or_one_of_the_gaps_is_refused_in_words_that_help_and_not_remembered(string said)
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel
        {
            Vocabulary = new ByteVocabulary { Fingerprint = "model a" },
            Rule = ScriptedModel.Says(said),
        });

        var refusal = await Assert.ThrowsAsync<EngineException>(() => Service(bench).ReadyAsync(CancellationToken.None).WaitAsync(TestEditor.Limit));

        Assert.Contains("'qwen'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("--template", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_template_that_the_user_names_is_taken_unproved_with_a_warning()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel());

        await Service(bench, FimTemplates.Named("suffix-first")).ReadyAsync(CancellationToken.None).WaitAsync(TestEditor.Limit);

        Assert.Equal(0, bench.Model.Steps);
        Assert.Contains("'suffix-first'", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_prefix_alone_needs_no_training_and_no_warning()
    {
        await using var bench = await EngineBench.StartAsync(new ScriptedModel());

        await Service(bench, FimTemplates.PrefixOnly).ReadyAsync(CancellationToken.None).WaitAsync(TestEditor.Limit);

        Assert.Equal(0, bench.Model.Steps);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_model_without_markers_continues_the_prefix_and_the_user_is_told()
    {
        var model = new ScriptedModel
        {
            Vocabulary = new ByteVocabulary { HasMarkers = false },
            Rule = static tokens => tokens.Count < 8 ? 'x' : ByteVocabulary.End,
        };
        await using var bench = await EngineBench.StartAsync(model);
        var service = Service(bench);

        var suggestions = new List<Suggestion>();
        var request = new SuggestionRequest(Infill.Completion.Documents.SourceText.From("abc = \n"), 6, "a.py") { Prompt = PromptOptions.Default with { Healing = false } };
        await foreach (var suggestion in service.SuggestAsync(request)) suggestions.Add(suggestion);

        Assert.Equal("xx", suggestions[^1].Text);
        Assert.Equal(6, suggestions[^1].Usage!.PromptTokens);
        Assert.Contains("no fill-in-the-middle tokens", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_editor_is_told_once_that_the_model_is_refused_and_gets_no_suggestions()
    {
        await using var editor = await TestEditor.StartAsync(
            new ScriptedModel { Rule = ScriptedModel.Says("nonsense") }, options: new EditorOptions { Proofs = new ProofMemory(_folder) });
        await editor.OpenAsync("a = ");
        var message = await editor.ReceiveAsync("window/showMessage");

        var first = await editor.InlineAsync(0, 4);
        var second = await editor.InlineAsync(0, 4);

        Assert.Contains("its suggestions would be worth nothing", message.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Single(editor.Received("window/showMessage"));
        Assert.Empty(first.Items());
        Assert.Empty(second.Items());
    }

    private static ScriptedModel Fills(string fingerprint) => new()
    {
        Vocabulary = new ByteVocabulary { Fingerprint = fingerprint },
        Rule = ScriptedModel.Says("tally = 0;"), // in two languages
    };

    private async Task<int> StepsOfStartAsync(ScriptedModel model)
    {
        await using var bench = await EngineBench.StartAsync(model);
        await Service(bench).ReadyAsync(CancellationToken.None).WaitAsync(TestEditor.Limit);
        return bench.Model.Steps;
    }

    private CompletionService Service(EngineBench bench, FimTemplate? named = null) =>
        new(bench.Engine, bench.Time, new TemplateOptions { Named = named, Proofs = new ProofMemory(_folder), Warn = _warnings.Add });
}
