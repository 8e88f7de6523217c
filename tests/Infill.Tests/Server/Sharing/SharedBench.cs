using System.IO.Pipelines;
using System.Net.Sockets;
using Infill.Engine;
using Infill.Server.Http;
using Infill.Server.ModelChoice;
using Infill.Server.Sharing;
using Infill.Server.Status;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Server.Sharing;

/// <summary>An engine's process without the process: an engine over a script, and the connections to it.</summary>
internal sealed class SharedBench : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly StatusSource _status;
    private readonly EnginePage _page;
    private readonly List<(Socket Socket, Task Served)> _connections = []; // guarded by itself

    /// <param name="model">What it has loaded.</param>
    /// <param name="models">The user's; none by default.</param>
    /// <param name="renew">As a process of the user's editors has it; null as <c>infill serve</c>.</param>
    public SharedBench(ScriptedModel model, ModelPlaces? models = null, Action? renew = null)
    {
        Model = model;
        Engine = new CompletionEngine(() => new ScriptedWeights(model), new EngineOptions(), TimeProvider.System, NullLogger.Instance);
        _status = new StatusSource(() => Engine, static () => "scripted", TimeProvider.System);
        _page = new EnginePage(() => _status, TimeProvider.System, NullLoggerFactory.Instance);
        Listener = new Listener(Engine, _status, proofs: null, LogLevel.None, TimeProvider.System, NullLogger.Instance) { Models = models ?? EditorOptions.NoModels, NewPageLink = _page.NewLinkAsync, Renew = renew };
        _status.Connected = () => Listener.Editors;
    }

    public ScriptedModel Model { get; }

    public CompletionEngine Engine { get; }

    public Listener Listener { get; }

    public StatusReport Report() => _status.Report();

    /// <summary>A new connection to it, in the client's hands.</summary>
    public async Task<Stream> ConnectAsync()
    {
        using var listening = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listening.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndPoint!);
        var server = await listening.AcceptAsync();
        lock (_connections) _connections.Add((server, Listener.ServeAsync(new NetworkStream(server, ownsSocket: true), _ending.Token)));
        return new NetworkStream(client, ownsSocket: true);
    }

    /// <summary>All its connections end at once, in the middle of whatever they were saying, as with a process that is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        Task[] served;
        lock (_connections)
        {
            foreach (var (socket, _) in _connections) socket.Close(timeout: 0);
            served = [.. _connections.Select(static each => each.Served)];
        }

        await Task.WhenAll(served).WaitAsync(TestEditor.Limit);
        await _page.DisposeAsync();
        _status.Dispose();
        await Engine.DisposeAsync().AsTask().WaitAsync(TestEditor.Limit);
        _ending.Dispose();
    }
}

/// <summary>A door that leads to whichever engine a test has put behind it.</summary>
internal sealed class TestDoor : IEngineDoor
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<SharedBench> _current = new(TaskCreationOptions.RunContinuationsAsynchronously); // guarded by _gate
    private int _opened;

    /// <summary>How often an engine was connected to.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Where set, there is no way.</summary>
    public string? Problem { get; set; }

    /// <summary>Why the model behind it can't be loaded; null where it can.</summary>
    public string? LoadProblem { get; init; }

    /// <summary>The ways to other models, by their files.</summary>
    public Dictionary<string, TestDoor> Models { get; } = [];

    /// <summary>Whether it was waited for that the engine ends.</summary>
    public bool IsLeftForGood { get; private set; }

    /// <summary>How far the loading of that model is said to be, in percent, one after another.</summary>
    public IReadOnlyList<int> Loading { get; init; } = [];

    public Task UntilReadyAsync(Action<int> told, CancellationToken cancellationToken)
    {
        foreach (var percent in Loading) told(percent);
        return LoadProblem is { } problem ? throw new EngineException(problem) : Task.CompletedTask;
    }

    public Task UntilEndedAsync(CancellationToken cancellationToken)
    {
        IsLeftForGood = true;
        return Task.CompletedTask;
    }

    public IEngineDoor ToModel(string path) => Models[path];

    /// <summary>From now on it leads there.</summary>
    public void LeadTo(SharedBench engine)
    {
        lock (_gate)
        {
            if (_current.Task.IsCompleted) _current = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _current.SetResult(engine);
        }
    }

    /// <summary>From now on it leads nowhere, and who comes waits.</summary>
    public void Shut()
    {
        lock (_gate) _current = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public async Task<EngineLink> OpenAsync(Hello hello, CancellationToken cancellationToken)
    {
        if (Problem is { } problem) throw new EngineException(problem);
        Task<SharedBench> current;
        lock (_gate) current = _current.Task;
        var stream = await (await current.WaitAsync(cancellationToken)).ConnectAsync();
        var link = new EngineLink(PipeReader.Create(stream), PipeWriter.Create(stream), stream);
        await LineExchange.WriteAsync(link.Output, hello, SharingJsonContext.Default.Hello, cancellationToken);
        Assert.Null((await LineExchange.ReadAsync(link.Input, SharingJsonContext.Default.Welcome, cancellationToken))?.Problem);
        Interlocked.Increment(ref _opened);
        return link;
    }
}
