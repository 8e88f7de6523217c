using Infill.Protocol.Lsp;

namespace Infill.Server.ModelChoice;

/// <summary>One piece of work that an editor shows. Any thread; guarded by its lock.</summary>
internal sealed class Work : IDisposable
{
    private static readonly TimeSpan s_welcome = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly ClientLink _client;
    private readonly TimeProvider _time;
    private readonly ProgressToken _token;
    private readonly string _title;
    private readonly Action _ended;
    private readonly CancellationTokenSource _stop;
    private readonly Lock _gate = new();
    private Task _welcomed = Task.CompletedTask; // when the client has answered whether it shows this; set before another thread knows of it
    private bool _isShown; // guarded by _gate, as all below
    private bool _isOver;
    private long _reportedAt;
    private (string Message, int? Percentage) _last = ("", null);

    public Work(ClientLink client, TimeProvider time, ProgressToken token, string title, Action ended, CancellationToken cancelled)
    {
        (_client, _time, _token, _title, _ended) = (client, time, token, title, ended);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        Cancelled = _stop.Token;
    }

    /// <summary>Set when the user stops it, here or by its request.</summary>
    public CancellationToken Cancelled { get; }

    public void Show()
    {
        lock (_gate)
        {
            if (_isOver || _isShown) return;
            _isShown = true;
            _client.Report(_token, new WorkDoneProgressBegin(_title, Cancellable: true, _last.Message, _last.Percentage ?? 0), ProtocolJsonContext.Default.BeginProgress);
        }
    }

    /// <summary>Asks the client whether it shows this, beside the work: one that never answers holds up nothing.</summary>
    public void ShowIfWelcome() => _welcomed = ShowIfWelcomeAsync();

    /// <summary>How far it is; told to the client ten times a second at most.</summary>
    /// <param name="message">In a few words.</param>
    /// <param name="percentage">Null where nobody knows.</param>
    public void Report(string message, int? percentage)
    {
        lock (_gate)
        {
            if (_isOver || (message, percentage) == _last) return;
            _last = (message, percentage);
            if (!_isShown || (_reportedAt != 0 && _time.GetElapsedTime(_reportedAt) < s_interval)) return;
            _reportedAt = _time.GetTimestamp();
            _client.Report(_token, new WorkDoneProgressReport(Message: message, Percentage: percentage), ProtocolJsonContext.Default.ReportProgress);
        }
    }

    /// <summary>Another part of it has begun: rare, and told at once.</summary>
    public void Enter(string part)
    {
        lock (_gate)
        {
            if (_isOver) return;
            _last = (part, null);
            if (_isShown) _client.Report(_token, new WorkDoneProgressReport(Message: part), ProtocolJsonContext.Default.ReportProgress);
        }
    }

    /// <summary>Others go on with it, and tell the client how far it is and its end.</summary>
    /// <returns>Where the client shows it; null where it doesn't.</returns>
    public async Task<ProgressToken?> HandOverAsync()
    {
        try
        {
            await _welcomed.WaitAsync(s_welcome, _time);
        }
        catch (TimeoutException)
        {
            // It is as good as a no.
        }

        lock (_gate)
        {
            var isTaken = _isShown && !_isOver;
            _isOver = true;
            return isTaken ? _token : null;
        }
    }

    /// <summary>It is over, and what came of it.</summary>
    public void End(string outcome)
    {
        lock (_gate)
        {
            if (_isOver) return;
            _isOver = true;
            if (_isShown) _client.Report(_token, new WorkDoneProgressEnd(outcome), ProtocolJsonContext.Default.EndProgress);
        }
    }

    public void Cancel()
    {
        lock (_gate)
        {
            if (!_isOver) _stop.Cancel();
        }
    }

    public void Dispose()
    {
        End("it did not come to an end");
        _ended();
        _stop.Dispose();
    }

    private async Task ShowIfWelcomeAsync()
    {
        if (await _client.CreateProgressAsync(_token)) Show();
    }
}
