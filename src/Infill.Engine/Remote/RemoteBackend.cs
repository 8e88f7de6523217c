using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Infill.Engine.Remote;

/// <summary>One endpoint: how it is spoken to, whether it works, and how much it does for us now. Any thread.</summary>
/// <remarks>
/// A stop reaches the server as a closed connection: vLLM and llama-server then end that request at the next step or batch, which
/// may take llama-server up to a second in the middle of a prompt.
/// </remarks>
internal sealed class RemoteBackend : IDisposable
{
    private const int MostSilences = 2;

    private readonly RemoteConnection _connection;
    private readonly RemoteOptions _options;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<RemoteText> _pipeline;
    private readonly CircuitBreakerManualControl _circuit = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Action<string> _changed;
    private readonly Lock _gate = new();
    private readonly ITimer _checks;
    private Task<IDialectReading>? _dialect; // guarded by _gate
    private string? _trouble;                // guarded by _gate; what went wrong, as long as it isn't known to be right again
    private int _running;
    private int _silences; // deadlines in a row that came before any text

    /// <param name="endpoint">Its address.</param>
    /// <param name="options">How to ask, and how long to wait.</param>
    /// <param name="time">Clock of all limits.</param>
    /// <param name="changed">Told, in a sentence, when it goes down and comes back.</param>
    public RemoteBackend(Uri endpoint, RemoteOptions options, TimeProvider time, Action<string> changed)
    {
        (_options, _time, _changed) = (options, time, changed);
        _connection = new RemoteConnection(endpoint, options.Key, options.ConnectLimit, time);
        _checks = time.CreateTimer(static state => _ = ((RemoteBackend)state!).CheckAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _pipeline = new ResiliencePipelineBuilder<RemoteText> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<RemoteText>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is RemoteException { MayRetry: true }),
                MaxRetryAttempts = 1,
                Delay = TimeSpan.Zero, // a connection that the server had given up; anything else is another endpoint's to try
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<RemoteText>
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is RemoteException { IsOutage: true }),
                FailureRatio = 0.5,
                MinimumThroughput = 4,
                BreakDuration = TimeSpan.FromSeconds(5),
                ManualControl = _circuit,
            })
            .Build();
    }

    public string Address => _connection.Address;

    /// <summary>Requests that it works on for us.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>What went wrong, until it has passed a check; null where nothing did.</summary>
    public string? Trouble
    {
        get
        {
            lock (_gate) return _trouble;
        }
    }

    /// <summary>Asks it what it is, unless that is known.</summary>
    /// <exception cref="RemoteException">It is not there or can't be used.</exception>
    public async Task<IDialectReading> SettleAsync(CancellationToken cancellationToken)
    {
        Task<IDialectReading> settling;
        lock (_gate)
        {
            if (_dialect is null or { IsFaulted: true } or { IsCanceled: true }) _dialect = SelectAsync();
            settling = _dialect;
        }

        return await settling.WaitAsync(cancellationToken).ConfigureAwait(false); // the next request wants it too: it goes on where this one is stopped
    }

    /// <summary>Asks for a text, and waits for the first of it. Whoever gets it calls <see cref="Leave"/> at its end.</summary>
    /// <exception cref="RemoteException">Nothing was streamed: others may be asked instead.</exception>
    /// <exception cref="OperationCanceledException">The request was stopped.</exception>
    public async Task<RemoteText> BeginAsync(RemoteRequest request, RemoteStop stop)
    {
        Interlocked.Increment(ref _running);
        try
        {
            var text = await _pipeline.ExecuteAsync(
                async _ => await RemoteText.OpenAsync(request, stop, _connection, await SettleAsync(stop.Token).ConfigureAwait(false), _options, _time).ConfigureAwait(false), stop.Token).ConfigureAwait(false);
            Volatile.Write(ref _silences, 0);
            return text;
        }
        catch (Exception e)
        {
            Leave();
            if (e is OperationCanceledException && stop.Reason == FinishReason.Deadline && Interlocked.Increment(ref _silences) >= MostSilences)
            {
                MarkDown($"{Address} gave no text before the deadline, {MostSilences} times in a row."); // one may be a long prompt
            }

            if (e is BrokenCircuitException) throw new RemoteException($"{Address} has failed again and again, and is left alone for some seconds. {Trouble}", e);
            if (e is RemoteException { IsOutage: true }) MarkDown(e.Message);
            throw;
        }
    }

    public void Leave() => Interlocked.Decrement(ref _running);

    /// <summary>It failed: from now on it is checked until it works.</summary>
    public void MarkDown(string trouble)
    {
        bool isNews;
        lock (_gate)
        {
            if (_ended.IsCancellationRequested) return;
            isNews = _trouble is null;
            _trouble = trouble;
            if (_dialect is { IsCompleted: true }) _dialect = null; // what comes back may be another server
            if (isNews) _checks.Change(_options.CheckInterval, Timeout.InfiniteTimeSpan);
        }

        if (isNews) _changed(trouble);
    }

    public void Dispose()
    {
        lock (_gate) _ended.Cancel();
        _checks.Dispose();
        _connection.Dispose();
    }

    /// <summary>In its own time: a check that hangs is not waited for any longer than a request.</summary>
    private async Task<IDialectReading> SelectAsync()
    {
        using var limit = new CancellationTokenSource(_options.FirstTextLimit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ended.Token);
        try
        {
            return await DialectSelection.SelectAsync(_connection, _options, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new RemoteException($"{Address} does not say what it is within {_options.FirstTextLimit.TotalSeconds:0.#} s.", e);
        }
    }

    private async Task CheckAsync()
    {
        try
        {
            await SettleAsync(_ended.Token).ConfigureAwait(false);
            await _circuit.CloseAsync(_ended.Token).ConfigureAwait(false);
            lock (_gate) _trouble = null;
            _changed($"{Address} works again.");
        }
        catch (Exception e) when (e is RemoteException or OperationCanceledException or ObjectDisposedException)
        {
            lock (_gate)
            {
                if (!_ended.IsCancellationRequested) _checks.Change(_options.CheckInterval, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
