using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Infill.Engine;
using Infill.Models;
using Infill.Models.Pulling;
using Infill.Protocol.JsonRpc;
using Infill.Server.ModelChoice;
using Infill.Server.Settings;
using Infill.Tests.Models.Gguf;
using Infill.Tests.Models.Pulling;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>An editor lists, pulls and chooses models by commands, sees how far it is, and stops it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The engine disposes the model.")]
public sealed class ModelChoiceTests : IDisposable
{
    private const string ShowsProgress = """{"capabilities":{"textDocument":{"inlineCompletion":{}},"window":{"workDoneProgress":true}}}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("infill-choice-").FullName;
    private readonly FaultyHub _hub = new();
    private readonly ModelStore _store;
    private readonly ModelPlaces _places;

    public ModelChoiceTests()
    {
        _store = new ModelStore(Path.Combine(_folder, "models"));
        _places = new ModelPlaces(
            _store, Path.Combine(_folder, "config.json"), name => name == "HF_ENDPOINT" ? _hub.Address.ToString() : null,
            new PullOptions { FirstDelay = TimeSpan.FromMilliseconds(1), Attempts = 2 });
        _hub.File = [.. GgufBytes.Small().ToArray(), .. new byte[400_000]];
        _hub.LinkedTag = Convert.ToHexStringLower(SHA256.HashData(_hub.File));
    }

    public void Dispose()
    {
        _hub.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_list_is_that_of_the_command_line()
    {
        Put("mine");
        await using var editor = await StartAsync();

        var models = (await ExecuteAsync(editor, "infill.model.list")).GetProperty("result").EnumerateArray().ToDictionary(static model => model.GetProperty("name").GetString()!);

        Assert.True(models["embedded"].GetProperty("isUsed").GetBoolean());
        Assert.True(models["mine"].GetProperty("isHere").GetBoolean());
        Assert.False(models["qwen2.5-coder-1.5b"].GetProperty("isHere").GetBoolean());
        Assert.Equal(ModelCatalog.All.Count + 2, models.Count);
    }

    [Fact]
    public async Task A_pull_shows_its_progress_where_the_client_wants_it()
    {
        await using var editor = await StartAsync();

        var answer = await ExecuteAsync(editor, "infill.model.pull", "owner/repo:m.gguf", """ "workDoneToken":"here" """);

        var pulled = answer.GetProperty("result");
        Assert.Equal("m", pulled.GetProperty("name").GetString());
        Assert.Equal(_hub.File, await File.ReadAllBytesAsync(pulled.GetProperty("path").GetString()!));
        var shown = editor.Received("$/progress");
        Assert.All(shown, static each => Assert.Equal("here", each.GetProperty("token").GetString()));
        var values = shown.ConvertAll(static each => each.GetProperty("value"));
        Assert.Equal("Pulling owner/repo:m.gguf", values[0].GetProperty("title").GetString());
        Assert.True(values[0].GetProperty("cancellable").GetBoolean());
        var report = values.First(static value => value.GetProperty("kind").ValueEquals("report"));
        Assert.InRange(report.GetProperty("percentage").GetInt32(), 1, 100);
        Assert.Matches(@"^\d+ MB of \d+ MB$", report.GetProperty("message").GetString());
        Assert.Equal("end", values[^1].GetProperty("kind").GetString());
        Assert.Equal("m is here", values[^1].GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_pull_is_stopped_where_its_progress_is_shown_and_goes_on_later()
    {
        var faults = new Queue<Fault>([Fault.Stalled]);
        _hub.Next = () => faults.TryDequeue(out var fault) ? fault : Fault.None;
        await using var editor = await StartAsync(ShowsProgress);
        var asked = await BeginAsync(editor, "infill.model.pull", "owner/repo:m.gguf");
        var begun = await editor.ReceiveAsync("$/progress", IsOnItsWay); // by its begin, where the editor takes longer to agree than the first bytes

        await editor.NotifyAsync("window/workDoneProgress/cancel", $$"""{"token":{{begun.GetProperty("token").GetRawText()}} }""");

        var answer = await asked.Answer;
        Assert.Equal(RpcErrorCodes.RequestCancelled, answer.ErrorCode());
        Assert.Equal("Pulling 'owner/repo:m.gguf' was stopped. What was fetched is kept; pulling it again goes on from there.", answer.ErrorMessage());
        await editor.ReceiveAsync("$/progress", static each => Kind(each, "end") && each.GetProperty("value").GetProperty("message").ValueEquals("stopped"));
        Assert.Empty(_store.List());

        Assert.False((await ExecuteAsync(editor, "infill.model.pull", "owner/repo:m.gguf")).GetProperty("result").GetProperty("wasThere").GetBoolean());
        Assert.Contains("Range: bytes=", _hub.ToBytes.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_ends_with_its_request()
    {
        _hub.Next = static () => Fault.Stalled;
        await using var editor = await StartAsync();
        var asked = await BeginAsync(editor, "infill.model.pull", "owner/repo:m.gguf", """ "workDoneToken":1 """);
        await editor.ReceiveAsync("$/progress", static each => Kind(each, "report"));

        await editor.CancelAsync(asked.Id);

        Assert.Equal(RpcErrorCodes.RequestCancelled, (await asked.Answer).ErrorCode());
        await editor.ReceiveAsync("$/progress", static each => Kind(each, "end"));
    }

    [Theory]
    [InlineData("infill.model.pull", "nothing", "There is no model 'nothing'. Give a name of 'infill model list', owner/repo:file, or a URL.")]
    [InlineData("infill.model.use", "nothing", "There is no model 'nothing'. 'infill model list' shows which there are.")]
    [InlineData("infill.model.use", "qwen2.5-coder-0.5b", "'infill model pull qwen2.5-coder-0.5b' fetches it.")]
    public async Task What_cannot_be_had_is_said_in_a_sentence(string command, string name, string sentence)
    {
        await using var editor = await StartAsync();

        var answer = await ExecuteAsync(editor, command, name);

        Assert.Equal(RpcErrorCodes.RequestFailed, answer.ErrorCode());
        Assert.EndsWith(sentence, answer.ErrorMessage(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""" ,"arguments":[] """)]
    [InlineData(""" ,"arguments":[5] """)]
    public async Task Without_a_name_it_says_what_it_needs(string arguments)
    {
        await using var editor = await StartAsync();

        var answer = await editor.AskAsync("workspace/executeCommand", $$"""{"command":"infill.model.use"{{arguments}}}""");

        Assert.Equal(RpcErrorCodes.InvalidParams, answer.ErrorCode());
        Assert.Equal("infill.model.use needs a model's name as its first argument; infill.model.list gives them.", answer.ErrorMessage());
    }

    [Fact]
    public async Task What_is_chosen_suggests_from_then_on_and_is_remembered()
    {
        Put("mine");
        await using var editor = await StartAsync();
        await editor.OpenAsync("a = ");
        Assert.Equal(["embedded"], (await editor.InlineAsync(0, 4)).Texts());

        var chosen = (await ExecuteAsync(editor, "infill.model.use", "mine")).GetProperty("result");

        Assert.True(chosen.GetProperty("isInUse").GetBoolean());
        Assert.Equal("mine is used from now on.", chosen.GetProperty("message").GetString());
        Assert.Equal(["mine"], (await editor.InlineAsync(0, 4)).Texts());
        Assert.Contains(_store.PathOf("mine"), await File.ReadAllTextAsync(_places.SettingsFile), StringComparison.Ordinal);
        var listed = (await ExecuteAsync(editor, "infill.model.list")).GetProperty("result").EnumerateArray();
        Assert.Equal("mine", Assert.Single(listed, static model => model.GetProperty("isUsed").GetBoolean()).GetProperty("name").GetString());

        await ExecuteAsync(editor, "infill.model.use", "embedded");
        Assert.Equal(["embedded"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task What_was_known_of_the_model_before_is_not_shown_any_more()
    {
        Put("mine");
        await using var editor = await StartAsync(isTypingThrough: true);
        await editor.OpenAsync("a = ");
        await editor.InlineAsync(0, 4);

        await ExecuteAsync(editor, "infill.model.use", "mine");

        Assert.Equal(["mine"], (await editor.InlineAsync(0, 4)).Texts());
    }

    [Fact]
    public async Task A_request_of_the_model_before_is_answered_as_outdone()
    {
        Put("mine");
        var model = Saying("embedded");
        var gate = model.HoldStep(1);
        await using var editor = await StartAsync(load: path => path == _store.PathOf("mine") ? Weights("mine") : new ScriptedWeights(model));
        await editor.OpenAsync("a = ");
        var asked = await editor.BeginInlineAsync(0, 4);
        await gate.Reached;

        var choosing = await BeginAsync(editor, "infill.model.use", "mine");
        var answer = await asked.Answer;
        gate.Open();

        Assert.Equal(RpcErrorCodes.ContentModified, answer.ErrorCode());
        Assert.Equal(0, (await choosing.Answer).ErrorCode());
    }

    [Fact]
    public async Task What_becomes_of_a_model_that_is_loading_when_another_is_chosen_disturbs_nobody()
    {
        Put("mine");
        var loading = new Gate();
        await using var editor = await StartAsync(load: path =>
        {
            if (path == _store.PathOf("mine")) return Weights("mine");
            loading.Pass();
            throw new ObjectDisposedException("weights");
        });
        await editor.OpenAsync("a = ");
        var asked = await editor.BeginInlineAsync(0, 4);
        await loading.Reached;

        var choosing = await BeginAsync(editor, "infill.model.use", "mine");
        await asked.Answer; // another model is there
        loading.Open();

        Assert.Equal(0, (await choosing.Answer).ErrorCode());
        Assert.Equal(["mine"], (await editor.InlineAsync(0, 4)).Texts());
        Assert.Empty(editor.Received("window/showMessage"));
        Assert.Empty(editor.Warnings());
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_leaves_all_as_it_was()
    {
        Put("mine");
        await using var editor = await StartAsync(load: path => path == _store.PathOf("mine") ? throw new EngineException("There is no memory for it.") : Weights("embedded"));
        await editor.OpenAsync("a = ");

        var answer = await ExecuteAsync(editor, "infill.model.use", "mine");

        Assert.Equal(RpcErrorCodes.RequestFailed, answer.ErrorCode());
        Assert.Equal("There is no memory for it. The model before it is used again.", answer.ErrorMessage());
        Assert.Equal(["embedded"], (await editor.InlineAsync(0, 4)).Texts());
        Assert.False(File.Exists(_places.SettingsFile));
    }

    [Fact]
    public async Task What_is_no_model_is_refused_before_it_is_loaded()
    {
        Directory.CreateDirectory(_store.Folder);
        await File.WriteAllTextAsync(_store.PathOf("page"), "<html>");
        await using var editor = await StartAsync();

        var answer = await ExecuteAsync(editor, "infill.model.use", "page");

        Assert.Equal(RpcErrorCodes.RequestFailed, answer.ErrorCode());
        Assert.Contains(_store.PathOf("page"), answer.ErrorMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_choices_at_once_are_one_too_many()
    {
        Put("mine");
        var loading = new Gate();
        await using var editor = await StartAsync(load: path =>
        {
            if (path == _store.PathOf("mine")) loading.Pass();
            return Weights("any");
        });
        var first = await BeginAsync(editor, "infill.model.use", "mine");
        await loading.Reached;

        var second = await ExecuteAsync(editor, "infill.model.use", "embedded");

        loading.Open();
        Assert.Equal("Another model is being loaded; choose again when it is there.", second.ErrorMessage());
        Assert.Equal(0, (await first.Answer).ErrorCode());
    }

    [Fact]
    public async Task A_stronger_setting_is_named()
    {
        Put("mine");
        await using var editor = await StartAsync(commandLine: new SettingsLayer { Model = "/other.gguf" });

        var chosen = (await ExecuteAsync(editor, "infill.model.use", "mine")).GetProperty("result");

        Assert.Equal(
            "mine is used from now on. From the next start it would be '/other.gguf' again, which INFILL_MODEL or --model names: take that away.",
            chosen.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Where_endpoints_suggest_the_local_model_is_only_remembered()
    {
        Put("mine");
        await using var editor = await StartAsync(load: static _ => throw new InvalidOperationException("Nobody needs it."), commandLine: new SettingsLayer { Endpoints = ["http://127.0.0.1:9"] });

        var chosen = (await ExecuteAsync(editor, "infill.model.use", "mine")).GetProperty("result");

        Assert.False(chosen.GetProperty("isInUse").GetBoolean());
        Assert.Contains("which the setting 'endpoints' names: take that out", chosen.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(_store.PathOf("mine"), await File.ReadAllTextAsync(_places.SettingsFile), StringComparison.Ordinal);
    }

    private static bool IsOnItsWay(JsonElement progress) =>
        progress.GetProperty("token").GetString()!.StartsWith("infill.work", StringComparison.Ordinal)
        && progress.GetProperty("value").TryGetProperty("message", out var message) && message.GetString()!.Contains(" MB of ", StringComparison.Ordinal);

    private static bool Kind(JsonElement progress, string kind) =>
        progress.GetProperty("value").ValueKind == JsonValueKind.Object && progress.GetProperty("value").GetProperty("kind").ValueEquals(kind);

    private void Put(string name)
    {
        Directory.CreateDirectory(_store.Folder);
        File.WriteAllBytes(_store.PathOf(name), GgufBytes.Small().ToArray());
    }

    private static ScriptedModel Saying(string text) => new() { Rule = ScriptedModel.Says(text) };

    private static ScriptedWeights Weights(string says) => new(Saying(says));

    /// <summary>Each model says its name.</summary>
    private Task<TestEditor> StartAsync(string initialization = """{"capabilities":{"textDocument":{"inlineCompletion":{}}}}""", Func<string, IModel>? load = null, bool isTypingThrough = false, SettingsLayer? commandLine = null) =>
        TestEditor.StartAsync(() => throw new InvalidOperationException(), initialization, new EditorOptions
        {
            Models = _places,
            LoadNamed = load ?? (path => Weights(path == DefaultModel.Path ? "embedded" : Path.GetFileNameWithoutExtension(path))),
            IsTypingThrough = isTypingThrough,
            CommandLine = commandLine,
        });

    private static async Task<JsonElement> ExecuteAsync(TestEditor editor, string command, string? name = null, string? more = null) => await (await BeginAsync(editor, command, name, more)).Answer;

    private static Task<PendingAnswer> BeginAsync(TestEditor editor, string command, string? name = null, string? more = null) => editor.BeginAsync(
        "workspace/executeCommand", $$"""{"command":"{{command}}"{{(name is null ? "" : $",\"arguments\":[{TestEditor.Json(name)}]")}}{{(more is null ? "" : "," + more)}}}""");
}
