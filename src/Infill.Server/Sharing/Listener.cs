using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.ModelChoice;
using Infill.Server.Statistics;
using Infill.Server.Status;
using Microsoft.Extensions.Logging;

namespace Infill.Server.Sharing;

/// <summary>Serves everybody who connects from one engine: editors by LSP, <c>infill status</c> by reports.</summary>
/// <param name="engine">Not owned.</param>
/// <param name="status">Of that engine.</param>
/// <param name="proofs">Where it is kept which templates have proved themselves; null keeps nothing.</param>
/// <param name="logLevel">Least level that goes to standard error.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives who comes and goes.</param>
internal sealed class Listener(CompletionEngine engine, StatusSource status, ProofMemory? proofs, LogLevel logLevel, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<int, Conversation> _editors = new();
    private int _lastNumber;

    /// <summary>Called with the number of editors whenever it has changed; any thread.</summary>
    public Action<int> EditorsChanged { get; init; } = static _ => { };

    /// <summary>Of the loading of the engine's model.</summary>
    public LoadProgress Progress { get; init; } = new();

    /// <summary>As <see cref="SharedSeat.NewPageLink"/>.</summary>
    public required Func<Task<string>> NewPageLink { get; init; }

    /// <summary>As <see cref="SharedSeat.Renew"/>.</summary>
    public Action? Renew { get; init; }

    /// <summary>Where it is counted what becomes of the editors' suggestions; null keeps nothing.</summary>
    public StatisticsFile? Statistics { get; init; }

    /// <summary>What choosing a model reads and changes of the user's machine.</summary>
    public ModelPlaces Models { get; init; } = ModelPlaces.OfUser;

    public IReadOnlyList<string> Editors => [.. _editors.Values.Select(static editor => editor.ClientName)];

    /// <summary>Takes connections until it is cancelled, then ends them all.</summary>
    public async Task RunAsync(Socket socket, CancellationToken cancellationToken)
    {
        var serving = new ConcurrentDictionary<Task, bool>();
        try
        {
            while (true)
            {
                var connected = await socket.AcceptAsync(cancellationToken);
                if (!UnixNative.IsOurs(connected))
                {
                    logger.LogWarning("A process of another user was turned away.");
                    connected.Dispose();
                    continue;
                }

                var served = ServeAsync(new NetworkStream(connected, ownsSocket: true), cancellationToken);
                serving[served] = true;
                _ = served.ContinueWith(done => serving.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var editor in _editors.Values) editor.Stop();
            await Task.WhenAll(serving.Keys);
        }
    }

    /// <summary>Serves one connection to its end and closes it. Never throws for the other side's sake.</summary>
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var owned = stream;
        var (input, output) = (PipeReader.Create(stream), PipeWriter.Create(stream));
        try
        {
            if (await GreetAsync(input, output, cancellationToken) is not { } hello) return;
            if (hello.Kind == Hello.Status) await ReportAsync(output, cancellationToken);
            else await ConverseAsync(input, output, hello);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            logger.LogDebug("A connection ended: {Reason}", e.Message);
        }
        catch (Exception e)
        {
            logger.LogError(e, "A connection failed.");
        }
    }

    private static async Task<Hello?> GreetAsync(PipeReader input, PipeWriter output, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var hello = await LineExchange.ReadAsync(input, SharingJsonContext.Default.Hello, patience.Token);
        var problem = hello switch
        {
            null => "No greeting came.",
            { Version: not Hello.CurrentVersion } => $"This engine speaks version {Hello.CurrentVersion}, not {hello.Version}.",
            { Kind: not (Hello.Editor or Hello.Status) } => $"There is nothing called '{hello.Kind}' here.",
            _ => null,
        };
        await LineExchange.WriteAsync(output, new Welcome(problem), SharingJsonContext.Default.Welcome, patience.Token);
        return problem is null ? hello : null;
    }

    private async Task ConverseAsync(PipeReader input, PipeWriter output, Hello hello)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        var seat = new SharedSeat(engine, Progress, () => _editors.Count == 1, NewPageLink, Renew);
        var conversation = new Conversation(new ServerOptions(input, output)
        {
            Seat = seat,
            ChosenModel = hello.ChosenModel,
            ClientNumber = number,
            FirstRequestId = hello.FirstRequestId,
            OwnLayers = hello.Settings,
            LogLevel = logLevel,
            Proofs = proofs,
            Statistics = Statistics,
            Models = Models with { Variable = hello.Variables.GetValueOrDefault },
            Time = time,
        });
        _editors[number] = conversation;
        EditorsChanged(_editors.Count);
        try
        {
            await conversation.RunAsync();
        }
        finally
        {
            _editors.TryRemove(number, out _);
            EditorsChanged(_editors.Count);
            if (seat.IsLeaving && _editors.IsEmpty) Renew?.Invoke();
        }
    }

    private async Task ReportAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ReportInterval, time);
        do
        {
            await LineExchange.WriteAsync(output, status.Report(), StatusJsonContext.Default.StatusReport, cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }
}
