using System.IO.Pipelines;
using Infill.Engine;
using Infill.Protocol.JsonRpc;
using Infill.Protocol.Lsp;
using Infill.Server.Settings;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Sharing;

/// <summary>What a forwarder is started with.</summary>
/// <param name="Input">The editor's bytes.</param>
/// <param name="Output">To the editor: the protocol and nothing else.</param>
/// <param name="Door">The way to the engine.</param>
internal sealed record ForwarderOptions(PipeReader Input, PipeWriter Output, IEngineDoor Door)
{
    /// <summary>The user's own settings as they are when they are asked for, the command line's last.</summary>
    public Func<IReadOnlyList<SettingsLayer?>> Layers { get; init; } = static () => [];

    /// <summary>As <see cref="Hello.Variables"/>.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Keeps the user's choice of a model for what starts later; null is the embedded one.</summary>
    public Action<string?> KeepModel { get; init; } = static _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How often to look whether the editor still lives.</summary>
    public TimeSpan ParentCheck { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>One editor's process before a shared engine: passes messages on, and puts another engine in place of one that is lost or left.</summary>
/// <remarks>
/// It answers <c>initialize</c> and <c>shutdown</c> itself, which need no engine, and the choice of a model, which leads to
/// another one. All else goes on as it came. Messages are taken one after another under one lock, which no one holds while
/// waiting: writers queue what they can't send.
/// </remarks>
#pragma warning disable CA1001 // The token source is never disposed: it has no timer, and late callers may still ask for its token.
internal sealed class Forwarder
#pragma warning restore CA1001
{
    private const long RequestIdsPerEngine = 1_000_000;
    private const int ShortLives = 3;
    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(5);
    private static readonly RpcError s_cancelled = new(RpcErrorCodes.RequestCancelled, "The request was cancelled.");

    private readonly ForwarderOptions _options;
    private readonly ILogger _logger;
    private readonly MessageWriter _toEditor;
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new(); // guards what follows
    private readonly Session _session;
    private readonly EditorMirror _mirror;
    private readonly OpenRequests _open;
    private MessageWriter? _toEngine; // null while there is none
    private TaskCompletionSource _wanted = NewSignal();
    private int _engines;             // connected so far
    private ModelMove? _move;         // the engine is to be left for another
    private int _exitCode = 1;        // until the client has said goodbye properly
    private IEngineDoor _door;        // this and the next are the connecting task's alone
    private string? _chosenModel;

    public Forwarder(ForwarderOptions options, ILogger logger)
    {
        (_options, _logger, _door) = (options, logger, options.Door);
        _toEditor = new MessageWriter(options.Output, MessageLimits.Default, logger);
        _session = new Session(options.Layers(), commandLine: null, static _ => { });
        _mirror = new EditorMirror(_session);
        _open = new OpenRequests(_toEditor);
    }

    /// <summary>Forwards to the end of the input, exit, or the editor's own end.</summary>
    /// <returns>The exit code that the client's last messages ask for.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var cancelled = cancellationToken.Register(End);
        var ended = NewSignal();
        await using var stopping = _ended.Token.Register(ended.SetResult);
        await Task.WhenAny(ReadEditorAsync(), ended.Task, _toEditor.Ended); // a read of standard input can't always be cancelled
        End();
        await _toEditor.CompleteAsync();
        return _exitCode;
    }

    private void End() => _ended.Cancel();

    private async Task ReadEditorAsync()
    {
        var reader = new MessageReader(_options.Input, MessageLimits.Default, _logger);
        try
        {
            while (await reader.ReadAsync(_ended.Token) is { IsEnd: false } frame)
            {
                lock (_gate) TakeFromEditor(frame);
            }

            if (_session.State == SessionState.ShutDown) _exitCode = ExitCodes.Done; // the pipe closed after a proper shutdown
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            _logger.LogDebug("Reading the editor ended: {Reason}", e.Message);
        }
    }

    private void TakeFromEditor(Frame frame)
    {
        if (frame.Fault is { } fault)
        {
            TakeFault(fault);
        }
        else if (!Message.TryParse(frame.Body, out var message, out var invalid))
        {
            TakeFault(invalid);
        }
        else
        {
            switch (message)
            {
                case Message.Request request:
                    TakeRequest(request, frame.Body.Span);
                    break;
                case Message.Notification notification:
                    TakeNotification(notification, frame.Body.Span);
                    break;
                case Message.Response response when response.Id.TryGetNumber(out var id) && id / RequestIdsPerEngine == _engines:
                    _toEngine?.SendBody(frame.Body.Span); // an answer to an engine that was lost is nobody's
                    break;
            }
        }
    }

    private void TakeFault(FrameFault fault)
    {
        if (fault.IsResponse) return;
        _toEditor.SendError(fault.Id, fault.Error);
        if (!fault.Id.IsNull) return;
        switch (fault.Method)
        {
            case LspMethods.DidChangeTextDocument:
                _mirror.LoseDocuments();
                _toEngine?.SendBody("""{"jsonrpc":"2.0","method":"textDocument/didChange"}"""u8); // unreadable, and of no document: as it was here
                break;
            case LspMethods.DidChangeNotebookDocument:
                _mirror.LoseNotebooks();
                _toEngine?.SendBody("""{"jsonrpc":"2.0","method":"notebookDocument/didChange"}"""u8);
                break;
        }
    }

    private void TakeRequest(Message.Request request, ReadOnlySpan<byte> body)
    {
        if (_session.Admit(request.Method, isRequest: true) is { } refusal)
        {
            _toEditor.SendError(request.Id, refusal);
        }
        else if (request.Method == LspMethods.Initialize)
        {
            Initialize(request);
        }
        else if (request.Method == LspMethods.Shutdown)
        {
            _session.ShutDown();
            _toEditor.SendResult(request.Id, null, ProtocolJsonContext.Default.OptionalJsonElement);
        }
        else
        {
            PassOn(request, RequestPeek.Of(request.Params.Span), body);
        }
    }

    private void PassOn(Message.Request request, RequestPeek peek, ReadOnlySpan<byte> body)
    {
        if (peek.Command == CommandNames.RestartEngine)
        {
            _toEngine?.SendBody(body); // once: the next engine is not to be ended too
            _toEditor.SendResult(request.Id, null, ProtocolJsonContext.Default.OptionalJsonElement);
        }
        else if (!_open.TryAdd(request.Id, request.Method, peek, body))
        {
            _toEditor.SendError(request.Id, new RpcError(RpcErrorCodes.InvalidRequest, $"A request with id {request.Id} is still pending."));
        }
        else
        {
            _toEngine?.SendBody(body);
            _wanted.TrySetResult();
        }
    }

    private void Initialize(Message.Request request)
    {
        try
        {
            var parameters = System.Text.Json.JsonSerializer.Deserialize(request.Params.Span, ProtocolJsonContext.Default.InitializeParams)!;
            _toEditor.SendResult(request.Id, _mirror.Initialize(parameters), ProtocolJsonContext.Default.InitializeResult);
            _ = KeepConnectedAsync();
            if (parameters.ProcessId is { } parent && ParentProcess.IsSeen(parent)) _ = ParentProcess.WatchAsync(parent, _options.ParentCheck, End, _ended.Token);
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            _toEditor.SendError(request.Id, new RpcError(RpcErrorCodes.InvalidParams, $"The parameters of initialize are invalid: {e.Message}"));
        }
    }

    private void TakeNotification(Message.Notification notification, ReadOnlySpan<byte> body)
    {
        var method = notification.Method;
        if (_session.Admit(method, isRequest: false) is not null) return;
        if (method == LspMethods.Exit)
        {
            _exitCode = _session.Exit();
            End();
            return;
        }

        var documents = _mirror.Take(method, notification.Params.Span, body);
        if (_toEngine is not null)
        {
            _toEngine.SendBody(body); // which answers for what this outdoes
            return;
        }

        if (documents.Count > 0) _open.Refuse(entry => entry.Peek.Uri is { } uri && documents.Contains(uri), _session.SupersededError);
        if (method == LspMethods.CancelRequest && CancelledId(notification) is { } id) _open.Refuse(entry => entry.Id == id, s_cancelled);
    }

    private static RequestId? CancelledId(Message.Notification notification)
    {
        var reader = new System.Text.Json.Utf8JsonReader(notification.Params.Span);
        if (!System.Text.Json.JsonElement.TryParseValue(ref reader, out var parameters) || !parameters.Value.TryGetProperty("id", out var id)) return null;
        return id.ValueKind switch
        {
            System.Text.Json.JsonValueKind.Number when id.TryGetInt64(out var number) => new RequestId(number),
            System.Text.Json.JsonValueKind.String => new RequestId(id.GetString()!),
            _ => null,
        };
    }

    /// <summary>Connects, follows the engine to its end, and begins again.</summary>
    private async Task KeepConnectedAsync()
    {
        var shortLives = 0;
        string? told = null;
        try
        {
            while (!_ended.IsCancellationRequested)
            {
                var began = _options.Time.GetTimestamp();
                string? problem = null;
                try
                {
                    await FollowEngineAsync();
                    if (await TryMoveAsync()) continue;
                    shortLives = _options.Time.GetElapsedTime(began) < ShortLife ? shortLives + 1 : 0;
                    if (shortLives >= ShortLives) problem = "the engine's process ends again and again.";
                }
                catch (EngineException e)
                {
                    problem = e.Message;
                }

                if (problem is null) continue;
                if (problem != told) Show(problem);
                told = problem;
                await WaitUntilWantedAsync(); // rather than start processes in a circle
            }
        }
        catch (OperationCanceledException)
        {
            // The editor has gone.
        }
    }

    private async Task FollowEngineAsync()
    {
        var engine = _engines + 1; // written here alone
        var hello = new Hello(Hello.CurrentVersion, Hello.Editor)
        {
            Settings = _options.Layers(),
            ChosenModel = _chosenModel,
            Variables = _options.Variables,
            FirstRequestId = engine * RequestIdsPerEngine,
        };
        await using var link = await _door.OpenAsync(hello, _ended.Token);
        var writer = new MessageWriter(link.Output, MessageLimits.Default, _logger);
        var reader = new MessageReader(link.Input, MessageLimits.Default, _logger);
        lock (_gate)
        {
            _engines = engine;
            _mirror.Replay(writer);
            _open.Repeat(writer);
            _toEngine = writer;
        }

        try
        {
            while (await reader.ReadAsync(_ended.Token) is { IsEnd: false } frame)
            {
                lock (_gate)
                {
                    TakeFromEngine(frame, writer);
                    if (_move is not null) return;
                }
            }
        }
        catch (IOException e)
        {
            _logger.LogDebug("Reading the engine ended: {Reason}", e.Message);
        }
        finally
        {
            lock (_gate)
            {
                _toEngine = null;
                _open.NoteLoss();
            }
        }
    }

    /// <summary>Goes to another model's engine, where the last one was left for that; back to it where that fails.</summary>
    private async Task<bool> TryMoveAsync()
    {
        ModelMove? move;
        lock (_gate) (move, _move) = (_move, null);
        if (move is null) return false;
        try
        {
            _door = await move.GoAsync(_door, _options.KeepModel, _toEditor, _ended.Token);
            _chosenModel = move.Chosen.Path;
            move.Answer(_toEditor);
        }
        catch (EngineException e)
        {
            move.Answer(_toEditor, e);
        }

        return true;
    }

    private void TakeFromEngine(Frame frame, MessageWriter writer)
    {
        if (!Message.TryParse(frame.Body, out var message, out _)) return;
        OpenRequests.Entry? entry = null;
        switch (message)
        {
            case Message.Response response when EditorMirror.IsOwnAnswer(response.Id) || !_open.TryTake(response.Id, out entry):
                return; // not the editor's, or answered already
            case Message.Response response when entry?.Peek.Command == CommandNames.UseModel && ModelMove.Of(response) is { } move:
                _move = move;
                return;
            case Message.Request { Method: LspMethods.RegisterCapability } again when _engines > 1:
                writer.SendResult(again.Id, null, ProtocolJsonContext.Default.OptionalJsonElement); // the editor has registered it once
                return;
            case Message.Request { Method: LspMethods.CreateWorkDoneProgress } unseen when _engines > 1 && RequestPeek.Of(unseen.Params.Span).Token == ModelLoading.TokenAsJson:
                writer.SendError(unseen.Id, new RpcError(RpcErrorCodes.RequestFailed, "The editor is not to notice.")); // that another engine loads
                return;
            case Message.Notification { Method: LspMethods.Progress } progress:
                _open.NotePartial(RequestPeek.Of(progress.Params.Span).Token);
                break;
        }

        _toEditor.SendBody(frame.Body.Span);
    }

    private void Show(string problem)
    {
        _logger.LogError("No suggestions: {Problem}", problem);
        _toEditor.SendNotification(LspMethods.ShowMessage, new ShowMessageParams(MessageType.Error, $"Infill can't suggest anything: {problem}"), ProtocolJsonContext.Default.ShowMessageParams);
    }

    private async Task WaitUntilWantedAsync()
    {
        Task wanted;
        lock (_gate)
        {
            _open.AnswerAllNothing();
            _wanted = NewSignal();
            wanted = _wanted.Task;
        }

        await wanted.WaitAsync(_ended.Token);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
