using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Infill.Engine;

namespace Infill.Completion.Typing;

/// <summary>A suggestion on its way, which may outlive the request that began it: whoever typed along goes on reading it.</summary>
/// <remarks>
/// It has one reader at a time, the latest. Any thread; guarded by its own lock, which nobody holds who tells the reader something:
/// where all cores compute, it runs at once, on the core of whoever told it.
/// </remarks>
#pragma warning disable CA1001 // Its token sources are never disposed: they have no timers, and an edit may supersede while it ends.
internal sealed class RunningSuggestion
#pragma warning restore CA1001
{
    /// <summary>How long a generation that nobody reads waits for the next request to take it over.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(300);

    private readonly ISuggestionService _service;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _cancelled = new();
    private readonly CancellationTokenSource _superseded = new();
    private readonly ITimer _patience;
    private readonly Lock _gate = new();
    private ChannelWriter<Suggestion>? _reader; // guarded by _gate, as all below
    private Suggestion? _latest;
    private Exception? _failure;
    private bool _isKept;
    private long _keptAt;
    private bool _isEnded;

    private bool IsWhole => _failure is null && _latest is { Finish: FinishReason.EndOfText or FinishReason.StopRule or FinishReason.TokenLimit or FinishReason.Deadline };

    /// <param name="service">Generates.</param>
    /// <param name="request">Where; its own supersession is the typist's affair from now on.</param>
    /// <param name="time">Clock of the patience.</param>
    public RunningSuggestion(ISuggestionService service, SuggestionRequest request, TimeProvider time)
    {
        _service = service;
        _time = time;
        Request = request with { Superseded = _superseded.Token };
        _patience = time.CreateTimer(static state => ((RunningSuggestion)state!).LosePatience(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public SuggestionRequest Request { get; }

    /// <summary>Generates to the end; called once, and <see cref="End"/> after it. Failures go to the reader.</summary>
    /// <param name="wait">Before the model is asked; what ends it ends the wait.</param>
    /// <param name="pace">Told how soon text came of what the user waits for.</param>
    public async Task RunAsync(TimeSpan wait, TypingPace pace)
    {
        try
        {
            if (wait <= TimeSpan.Zero || await WaitAsync(wait)) await GenerateAsync(pace);
        }
        catch (Exception e) // the reader's to handle, whatever it is: nobody else would hear of it
        {
            lock (_gate) _failure = e;
        }

        await _patience.DisposeAsync();
    }

    /// <summary>Nothing is generated any more: from now on it agrees with nothing.</summary>
    /// <returns>The whole suggestion; null where it was stopped or failed.</returns>
    public Suggestion? End()
    {
        lock (_gate)
        {
            _isEnded = true;
            return IsWhole ? _latest : null;
        }
    }

    /// <summary>Tells the reader that it has ended, and counts what became of it; last of all, and under nobody's lock.</summary>
    public void Complete()
    {
        ChannelWriter<Suggestion>? reader;
        Counter<long>? outcome;
        lock (_gate)
        {
            reader = _reader; // the last: nobody opens what has ended
            outcome = !_isKept ? null : IsWhole ? TypingMetrics.Ended : TypingMetrics.Wasted;
        }

        outcome?.Add(1);
        reader?.TryComplete(_failure);
    }

    /// <summary>Whether the document, as it is now, is what it was and some of the text that was generated so far.</summary>
    /// <param name="text">The document.</param>
    /// <param name="cursor">Where the user is; null where only the document is known.</param>
    /// <param name="typed">Length of that text.</param>
    public bool Agrees(Documents.SourceText text, int? cursor, out int typed)
    {
        typed = 0;
        lock (_gate)
        {
            if (_isEnded || _cancelled.IsCancellationRequested || _superseded.IsCancellationRequested) return false;
            if (_latest is null || TypedPlace.Along(Request.Text, Request.Cursor, _latest.Text, text) is not { } length) return false;
            typed = length;
            return cursor is not { } at || at == Request.Cursor + length;
        }
    }

    /// <summary>From now on it is read there, and no longer where it was before. Not after <see cref="End"/>.</summary>
    /// <param name="typed">Length of the text that the user has typed of it.</param>
    public SuggestionReading Open(int typed)
    {
        var reader = Channel.CreateUnbounded<Suggestion>(new UnboundedChannelOptions { SingleReader = true });
        lock (_gate)
        {
            if (_isKept)
            {
                TypingMetrics.Adopted.Add(1);
                if (_time.GetElapsedTime(_keptAt) > s_patience) TypingMetrics.AdoptedLate.Add(1);
            }

            _isKept = false;
            _reader?.TryComplete();
            _reader = reader.Writer;
            if (_latest is { } known) reader.Writer.TryWrite(known);
        }

        return new SuggestionReading(this, reader, typed);
    }

    /// <summary>Who read it doesn't any more: then it ends, unless somebody else reads or may yet.</summary>
    public void Leave(ChannelWriter<Suggestion> reader)
    {
        lock (_gate)
        {
            if (_reader != reader) return; // somebody else reads on
            _reader = null;
            if (_isKept || _isEnded) return;
        }

        Supersede();
    }

    public void Cancel() => _cancelled.Cancel();

    /// <summary>An edit agrees with it: it waits for the next request, but not long.</summary>
    public void Keep()
    {
        lock (_gate)
        {
            if (_isEnded) return;
            if (!_isKept) TypingMetrics.Kept.Add(1);
            _isKept = true;
            _keptAt = _time.GetTimestamp();
            _patience.Change(s_patience, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>An edit has outdone it.</summary>
    public void Supersede() => _superseded.Cancel();

    /// <summary>Another generation has, unless somebody reads it.</summary>
    public void SupersedeUnlessRead()
    {
        lock (_gate)
        {
            if (_reader is not null) return;
        }

        Supersede();
    }

    /// <returns>False where it was outdone or cancelled meanwhile.</returns>
    private async Task<bool> WaitAsync(TimeSpan wait)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_superseded.Token, _cancelled.Token);
        await Task.Delay(wait, _time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !ended.IsCancellationRequested;
    }

    private async Task GenerateAsync(TypingPace pace)
    {
        var began = _time.GetTimestamp();
        TimeSpan? toText = null;
        Suggestion? last = null;
        await foreach (var suggestion in _service.SuggestAsync(Request, _cancelled.Token))
        {
            if (suggestion.Text.Length > 0) toText ??= _time.GetElapsedTime(began);
            last = suggestion;
            ChannelWriter<Suggestion>? reader;
            lock (_gate)
            {
                _latest = suggestion;
                reader = _reader; // one that takes its place meanwhile begins with this suggestion, and this one is completed
            }

            reader?.TryWrite(suggestion);
        }

        var isNewPlace = last?.Usage is { } usage && usage.CachedTokens < usage.PromptTokens / 2;
        if (Request.Priority != RequestPriority.Automatic || isNewPlace) return;
        if (toText is { } taken) pace.TextAfter(taken);
        else if (_superseded.IsCancellationRequested) pace.NoTextAfter(_time.GetElapsedTime(began));
    }

    private void LosePatience()
    {
        lock (_gate)
        {
            if (!_isKept || _isEnded) return;
        }

        Supersede();
    }
}
