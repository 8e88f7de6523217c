using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Models;
using Infill.Models.Pulling;
using Infill.Protocol.JsonRpc;
using Infill.Server;
using Infill.Server.Context;
using Infill.Server.Gpu;
using Infill.Server.ModelChoice;
using Infill.Server.Settings;
using Infill.Server.Statistics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Scenarios;

/// <summary>A request on its way: its id as JSON, and its answer.</summary>
internal sealed record PendingAnswer(string Id, Task<JsonElement> Answer);

/// <summary>How a test's server is started.</summary>
internal sealed record EditorOptions
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the loading of a model tells.</summary>
    public LoadProgress Progress { get; } = new();

    /// <summary>Null keeps nothing.</summary>
    public StatisticsFile? Statistics { get; init; }

    public IReadOnlyList<SettingsLayer?> OwnLayers { get; init; } = [];

    public SettingsLayer? CommandLine { get; init; }

    /// <summary>Whether suggestions are kept and made ahead; else every request costs the scripted model its steps.</summary>
    public bool IsTypingThrough { get; init; }

    /// <summary>Null takes the model's template on trust: a script fills no gaps.</summary>
    public ProofMemory? Proofs { get; init; }

    /// <summary>Loads a model by its file; null loads what the test's editor was given, whatever the file.</summary>
    public Func<string, IModel>? LoadNamed { get; init; }

    /// <summary>Models that are nowhere, and a settings file that can't be written.</summary>
    public static ModelPlaces NoModels { get; } = new(new ModelStore("/proc/no-models"), "/proc/no-settings/config.json", static _ => null, new PullOptions());

    /// <summary>Tries GPUs; null tries none.</summary>
    public GpuSelection? Gpu { get; init; }

    /// <summary>Where models are pulled to and the choice is kept.</summary>
    public ModelPlaces Models { get; init; } = NoModels;

    /// <summary>Answers what the server asks: method → result as JSON; null leaves it unanswered.</summary>
    public Func<string, JsonElement, string?> OnRequest { get; init; } = static (method, _) => method == "workspace/configuration" ? "[null]" : "null";
}

/// <summary>An editor in memory, before a whole server: sends what a test says, keeps what comes back, and fails where that is no frame.</summary>
internal sealed class TestEditor : IAsyncDisposable
{
    public const string Uri = "file:///work/a.py";

    /// <summary>Longer than anything here takes on a busy machine; reached only where a test would hang.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly SettingsLayer s_scripted = new() { Healing = false }; // scripts speak from the cursor on
    private static readonly SettingsLayer s_everyRequestComputed = new() { TypingThrough = false, LookAhead = false };

    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _fromServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly EditorOptions _options;
    private readonly IHost? _host; // null where something else answers
    private readonly Task _listening;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _waiting = new(StringComparer.Ordinal);
    private readonly Lock _gate = new(); // guards what follows
    private readonly List<JsonElement> _unasked = [];
    private readonly List<(Func<JsonElement, bool> IsIt, TaskCompletionSource<JsonElement> Found)> _watches = [];
    private readonly Dictionary<string, int> _answers = new(StringComparer.Ordinal);
    private int _lastId;

    public TestEditor(Func<IModel> load, EditorOptions? options = null)
    {
        _options = options ?? new EditorOptions();
        _host = ServerHost.Build(new ServerOptions(_toServer.Reader, _fromServer.Writer)
        {
            LoadModel = _options.LoadNamed ?? (_ => load()),
            Models = _options.Models,
            Progress = _options.Progress,
            Gpu = _ => _options.Gpu,
            Time = _options.Time,
            OwnLayers = [s_scripted, _options.IsTypingThrough ? null : s_everyRequestComputed, .. _options.OwnLayers],
            CommandLine = _options.CommandLine,
            Proofs = _options.Proofs,
            Statistics = _options.Statistics,
            LogLevel = LogLevel.None,
            ParentCheck = TimeSpan.FromMilliseconds(10),
        });
        Running = RunAsync();
        _listening = ListenAsync();
    }

    /// <summary>An editor before whatever answers it: called with the editor's bytes and where to answer, it completes with the exit code.</summary>
    public TestEditor(Func<PipeReader, PipeWriter, Task<int>> server, EditorOptions? options = null)
    {
        _options = options ?? new EditorOptions();
        Running = server(_toServer.Reader, _fromServer.Writer);
        _listening = ListenAsync();
    }

    /// <summary>Completes with the exit code when the server has ended.</summary>
    public Task<int> Running { get; }

    /// <summary>Made by the server when it first needs it; here too, so not before 'initialized'.</summary>
    public CompletionEngine Engine => _host!.Services.GetRequiredService<CompletionEngine>();

    /// <summary>What other files give to prompts.</summary>
    public SessionContext Context => _host!.Services.GetRequiredService<SessionContext>();

    /// <summary>How often each id was answered; ids as JSON, refusals of what had none under "null".</summary>
    public IReadOnlyDictionary<string, int> Answers
    {
        get
        {
            lock (_gate) return new Dictionary<string, int>(_answers, StringComparer.Ordinal);
        }
    }

    /// <summary>Has what answers answer initialize.</summary>
    public async Task<TestEditor> InitializedAsync(string initialization = """{"capabilities":{"textDocument":{"inlineCompletion":{}}}}""")
    {
        await AskAsync("initialize", initialization);
        await NotifyAsync("initialized", "{}");
        return this;
    }

    /// <summary>A server that has answered initialize.</summary>
    public static async Task<TestEditor> StartAsync(
        Func<IModel> load, string initialization = """{"capabilities":{"textDocument":{"inlineCompletion":{}}}}""", EditorOptions? options = null)
    {
        var editor = new TestEditor(load, options);
        await editor.AskAsync("initialize", initialization);
        await editor.NotifyAsync("initialized", "{}");
        return editor;
    }

    public static Task<TestEditor> StartAsync(
        ScriptedModel model, string initialization = """{"capabilities":{"textDocument":{"inlineCompletion":{}}}}""", EditorOptions? options = null) =>
        StartAsync(() => new ScriptedWeights(model), initialization, options);

    /// <summary>Text as a JSON string.</summary>
    public static string Json(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    public static byte[] Frame(string json) => [.. Encoding.UTF8.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}")];

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes) => await _toServer.Writer.WriteAsync(bytes);

    public Task SendAsync(string json) => SendBytesAsync(Frame(json));

    public Task NotifyAsync(string method, string parameters) =>
        SendAsync($$"""{"jsonrpc":"2.0","method":"{{method}}","params":{{parameters}}}""");

    public async Task<PendingAnswer> BeginAsync(string method, string? parameters = null)
    {
        var id = Interlocked.Increment(ref _lastId).ToString();
        var answer = Expect(id);
        await SendAsync($$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}"{{(parameters is null ? "" : ",\"params\":" + parameters)}}}""");
        return new PendingAnswer(id, answer);
    }

    /// <summary>The answer to a request that the test sends itself.</summary>
    public Task<JsonElement> Expect(string id) => Waiting(id).Task.WaitAsync(Limit);

    /// <summary>Asks and waits for the whole answer, be it a result or an error.</summary>
    public async Task<JsonElement> AskAsync(string method, string? parameters = null) => await (await BeginAsync(method, parameters)).Answer;

    public Task CancelAsync(string id) => NotifyAsync("$/cancelRequest", $$"""{"id":{{id}}}""");

    public Task OpenAsync(string text, string uri = Uri, int version = 1) =>
        NotifyAsync("textDocument/didOpen", $$"""{"textDocument":{"uri":{{Json(uri)}},"languageId":"python","version":{{version}},"text":{{Json(text)}} } }""");

    public Task ChangeAsync(int version, string changes, string uri = Uri) =>
        NotifyAsync("textDocument/didChange", $$"""{"textDocument":{"uri":{{Json(uri)}},"version":{{version}}},"contentChanges":[{{changes}}]}""");

    /// <summary>Types text at a place.</summary>
    public Task TypeAsync(int version, int line, int character, string text, string uri = Uri) => ChangeAsync(
        version,
        $$"""{"range":{"start":{"line":{{line}},"character":{{character}}},"end":{"line":{{line}},"character":{{character}} } },"text":{{Json(text)}}}""",
        uri);

    public Task CloseAsync(string uri = Uri) => NotifyAsync("textDocument/didClose", $$"""{"textDocument":{"uri":{{Json(uri)}} } }""");

    public Task<PendingAnswer> BeginInlineAsync(int line, int character, string? more = null, bool isInvoked = false, string uri = Uri, string? context = null) =>
        BeginAsync("textDocument/inlineCompletion", $$"""
            {"textDocument":{"uri":{{Json(uri)}}},"position":{"line":{{line}},"character":{{character}}},
            "context":{"triggerKind":{{(isInvoked ? 1 : 2)}}{{(context is null ? "" : "," + context)}}}{{(more is null ? "" : "," + more)}}}
            """);

    public async Task<JsonElement> InlineAsync(int line, int character, string? more = null, bool isInvoked = false, string uri = Uri, string? context = null) =>
        await (await BeginInlineAsync(line, character, more, isInvoked, uri, context)).Answer;

    /// <summary>Returns when the server has handled all that was sent before, and what it had to say of it has come.</summary>
    public async Task BarrierAsync() => await AskAsync("test/barrier");

    /// <summary>What the server sent unasked under this method so far: its parameters.</summary>
    public List<JsonElement> Received(string method)
    {
        lock (_gate) return [.. _unasked.Where(message => Is(message, method)).Select(static message => message.GetProperty("params"))];
    }

    /// <summary>Warnings and errors in the editor's log so far.</summary>
    public List<string> Warnings() =>
        [.. Received("window/logMessage").Where(static log => log.GetProperty("type").GetInt32() <= 2).Select(static log => log.GetProperty("message").GetString()!)];

    /// <summary>The parameters of the first message of that method, past or to come, that fits.</summary>
    public async Task<JsonElement> ReceiveAsync(string method, Func<JsonElement, bool>? fits = null) => (await MessageAsync(method, fits)).GetProperty("params");

    /// <summary>Answers the first request of that method, past or to come, which <see cref="EditorOptions.OnRequest"/> has left unanswered.</summary>
    public async Task ReplyAsync(string method, string result) => await SendResultAsync((await MessageAsync(method)).GetProperty("id"), result);

    private async Task<JsonElement> MessageAsync(string method, Func<JsonElement, bool>? fits = null)
    {
        var found = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_unasked.Find(IsIt) is { ValueKind: JsonValueKind.Object } past) found.SetResult(past);
            else _watches.Add((IsIt, found));
        }

        return await found.Task.WaitAsync(Limit);

        bool IsIt(JsonElement message) => Is(message, method) && fits?.Invoke(message.GetProperty("params")) != false;
    }

    /// <summary>The input ends.</summary>
    public async Task<int> HangUpAsync()
    {
        await _toServer.Writer.CompleteAsync();
        return await Running.WaitAsync(Limit);
    }

    /// <summary>Ends the server properly and checks that it never said anything but frames, and answered nothing twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Running.IsCompleted)
        {
            await BeginAsync("shutdown");
            await NotifyAsync("exit", "{}");
            await HangUpAsync();
        }

        await _listening.WaitAsync(Limit);
        Assert.DoesNotContain(Answers, static answer => answer.Key != "null" && answer.Value != 1);
    }

    private static bool Is(JsonElement message, string method) => message.GetProperty("method").ValueEquals(method);

    private TaskCompletionSource<JsonElement> Waiting(string id) => _waiting.GetOrAdd(id, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task<int> RunAsync()
    {
        var service = _host!.Services.GetRequiredService<LspService>();
        await _host.RunAsync();
        return service.ExitCode;
    }

    private async Task ListenAsync()
    {
        var reader = new MessageReader(_fromServer.Reader, MessageLimits.Default, NullLogger.Instance);
        while (true)
        {
            var frame = await reader.ReadAsync();
            if (frame.IsEnd) return;
            Assert.True(frame.Fault is null, $"The server sent what is no frame: {frame.Fault?.Error.Message}");
            var message = JsonElement.Parse(frame.Body.Span);
            Assert.Equal("2.0", message.GetProperty("jsonrpc").GetString());
            if (!message.TryGetProperty("method", out var method)) TakeAnswer(message);
            else if (message.TryGetProperty("id", out var id)) await AnswerAsync(id, method.GetString()!, message);
            Keep(message);
        }
    }

    private void TakeAnswer(JsonElement message)
    {
        var id = message.GetProperty("id").GetRawText();
        lock (_gate) _answers[id] = _answers.GetValueOrDefault(id) + 1;
        Waiting(id).TrySetResult(message);
    }

    private async Task AnswerAsync(JsonElement id, string method, JsonElement message)
    {
        var parameters = message.TryGetProperty("params", out var given) ? given : default;
        if (_options.OnRequest(method, parameters) is { } result) await SendResultAsync(id, result);
    }

    private Task SendResultAsync(JsonElement id, string result) => SendAsync($$"""{"jsonrpc":"2.0","id":{{id.GetRawText()}},"result":{{result}}}""");

    private void Keep(JsonElement message)
    {
        if (!message.TryGetProperty("method", out _)) return;
        lock (_gate)
        {
            _unasked.Add(message);
            foreach (var watch in _watches)
            {
                if (watch.IsIt(message)) watch.Found.TrySetResult(message);
            }
        }
    }
}

/// <summary>What tests ask of an answer.</summary>
internal static class AnswerExtensions
{
    public static int ErrorCode(this JsonElement answer) => answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : 0;

    public static string ErrorMessage(this JsonElement answer) => answer.GetProperty("error").GetProperty("message").GetString()!;

    /// <summary>The items of an answer, or of a partial result's value.</summary>
    public static List<JsonElement> Items(this JsonElement answer) => [.. answer.GetProperty("result").GetProperty("items").EnumerateArray()];

    /// <summary>The texts of an answer's items.</summary>
    public static List<string> Texts(this JsonElement answer) => [.. answer.Items().Select(static item => item.GetProperty("insertText").GetString()!)];
}
