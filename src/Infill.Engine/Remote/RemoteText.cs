using System.Net.ServerSentEvents;
using System.Text.Json;
using Infill.Engine.Sampling;

namespace Infill.Engine.Remote;

/// <summary>One answer as it streams in: events → chunks, and when to close the stream. Owned by one reader.</summary>
internal sealed class RemoteText : IAsyncDisposable
{
    private const long EventBytes = 16 << 10; // of one token's event, its scores included; real ones have some hundreds
    private const long EnvelopeBytes = 1 << 20; // llama-server's last event repeats the prompt and all settings

    private readonly RemoteRequest _request;
    private readonly RemoteStop _stop;
    private readonly RemoteConnection _connection;
    private readonly TimeSpan _silenceLimit;
    private readonly CancellationTokenSource _reading;
    private readonly ITimer _patience;
    private HttpResponseMessage? _response;
    private IAsyncEnumerator<SseItem<RemoteEvent>>? _events;
    private StopCondition _stops = new([]);
    private RemoteEvent? _first; // read ahead, to know that there is one
    private FinishReason _finish;
    private ReportedUsage? _reported;
    private int _scoredTokens;
    private bool _isClosed;

    private RemoteText(RemoteRequest request, RemoteStop stop, RemoteConnection connection, RemoteOptions options, TimeProvider time)
    {
        (_request, _stop, _connection, _silenceLimit) = (request, stop, connection, options.SilenceLimit);
        _reading = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        _patience = time.CreateTimer(static state => ((RemoteText)state!).LosePatience(), this, options.FirstTextLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Asks, and waits for the first text, or for an end without any.</summary>
    /// <exception cref="RemoteException">Nothing came, or nothing usable.</exception>
    /// <exception cref="OperationCanceledException">The request was stopped meanwhile.</exception>
    public static async Task<RemoteText> OpenAsync(
        RemoteRequest request, RemoteStop stop, RemoteConnection connection, IDialectReading dialect, RemoteOptions options, TimeProvider time)
    {
        var text = new RemoteText(request, stop, connection, options, time);
        try
        {
            await text.BeginAsync(dialect).ConfigureAwait(false);
            return text;
        }
        catch (Exception e)
        {
            await text.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && stop.Reason == FinishReason.None)
            {
                throw new RemoteException($"{connection.Address} gave no text within {options.FirstTextLimit.TotalSeconds:0.#} s.", e);
            }

            throw;
        }
    }

    /// <summary>What came next: exactly the last chunk says why it ended, and then the stream is closed. Never throws for what the server does.</summary>
    public async ValueTask<GenerationChunk> NextAsync()
    {
        try
        {
            while (true)
            {
                if (_stop.Reason is not FinishReason.None and var stopped) return await LastAsync(stopped).ConfigureAwait(false);
                var read = _first ?? await ReadInTimeAsync().ConfigureAwait(false);
                _first = null;
                if (read is null) return await LastAsync(_finish).ConfigureAwait(false);
                if (Take(read) is { } chunk)
                {
                    if (chunk.Finish != FinishReason.None) return await LastAsync(chunk.Finish, chunk).ConfigureAwait(false);
                    if (read.IsLast) _first = RemoteEvent.Nothing with { IsLast = true }; // its text first, then why it ended
                    return chunk;
                }

                if (read.IsLast) return await LastAsync(_finish == FinishReason.None ? FinishReason.EndOfText : _finish).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.Reason != FinishReason.None)
        {
            return await LastAsync(_stop.Reason).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_finish != FinishReason.None)
        {
            return await LastAsync(_finish).ConfigureAwait(false); // all the text was there, and what it cost is not waited for
        }
        catch (OperationCanceledException)
        {
            return await LastAsync(FinishReason.Faulted, fault: $"{_connection.Address} fell silent in the middle of its answer.").ConfigureAwait(false);
        }
        catch (RemoteException e)
        {
            return await LastAsync(FinishReason.Faulted, fault: e.Message).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isClosed) return;
        _isClosed = true;
        await _patience.DisposeAsync().ConfigureAwait(false);
        _response?.Dispose(); // before the events: an unread rest is not waited for
        if (_events is not null) await _events.DisposeAsync().ConfigureAwait(false);
        _reading.Dispose();
    }

    private async Task BeginAsync(IDialectReading dialect)
    {
        var (body, stops) = dialect.Write(_request);
        _stops = new StopCondition([.. _request.StopStrings, .. stops]);
        _response = await _connection.PostAsync(dialect.Path, body, _reading.Token).ConfigureAwait(false);
        if (_response.Content.Headers.ContentType?.MediaType != "text/event-stream") throw _connection.Failure(new JsonException("It is no stream of events."));

        var stream = new BoundedStream(await _response.Content.ReadAsStreamAsync(_reading.Token).ConfigureAwait(false), EnvelopeBytes + _request.MaxTokens * EventBytes);
        _events = SseParser.Create(stream, (_, data) => dialect.Read(data)).EnumerateAsync(_reading.Token).GetAsyncEnumerator(_reading.Token);
        do
        {
            _first = await ReadAsync().ConfigureAwait(false);
        }
        while (_first is { Text.Length: 0, Tokens.Count: 0, Finish: FinishReason.None, IsLast: false });
        _patience.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private async ValueTask<RemoteEvent?> ReadInTimeAsync()
    {
        _patience.Change(_silenceLimit, Timeout.InfiniteTimeSpan);
        try
        {
            return await ReadAsync().ConfigureAwait(false);
        }
        finally
        {
            _patience.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan); // how long the reader takes is its own affair
        }
    }

    /// <returns>Null where the server has closed a stream whose end it had told.</returns>
    private async ValueTask<RemoteEvent?> ReadAsync()
    {
        try
        {
            if (await _events!.MoveNextAsync().ConfigureAwait(false)) return _events.Current.Data;
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException or RemoteException)
        {
            if (_finish == FinishReason.None) throw _connection.Failure(e);
            return null; // all the text was there
        }

        return _finish != FinishReason.None ? null : throw new RemoteException($"{_connection.Address} broke off in the middle of its answer.") { MayRetry = true };
    }

    /// <returns>Its text as far as it is shown; null where there is none. With a finish where the rest is not wanted.</returns>
    private GenerationChunk? Take(RemoteEvent read)
    {
        if (read.Finish != FinishReason.None) _finish = read.Finish;
        if (read.Reported is not null) _reported = read.Reported;
        var text = _stops.Append(read.Text, out var isStopped).ToString();
        _scoredTokens += read.Tokens.Count;
        if (text.Length == 0 && read.Tokens.Count == 0 && !isStopped) return null;
        var whole = new GenerationChunk(text, isStopped ? FinishReason.StopRule : FinishReason.None) { Tokens = read.Tokens };
        return Enough(whole) ?? whole;
    }

    /// <summary>The part of a chunk behind which the request's rule wants no more: to that token's end, where tokens are told apart.</summary>
    /// <returns>Null where it goes on.</returns>
    private GenerationChunk? Enough(GenerationChunk whole)
    {
        if (_request.StopRule is not { } rule) return null;
        var tokens = whole.Tokens;
        if (tokens.Count == 0) return whole.Text.Length > 0 && rule.IsEnough(whole.Text, 0) ? whole with { Finish = FinishReason.StopRule } : null;
        var end = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            var start = end;
            end = i == tokens.Count - 1 ? whole.Text.Length : Math.Min(start + tokens[i].Length, whole.Text.Length);
            if (rule.IsEnough(whole.Text.AsSpan(start, end - start), tokens[i].LogProbability))
            {
                return new GenerationChunk(whole.Text[..end], FinishReason.StopRule) { Tokens = [.. tokens.Take(i + 1)] };
            }
        }

        return null;
    }

    /// <summary>Closes the stream first: the server is to stop now, not when the reader comes again.</summary>
    private async ValueTask<GenerationChunk> LastAsync(FinishReason reason, GenerationChunk stopped = default, string? fault = null)
    {
        await DisposeAsync().ConfigureAwait(false);
        var rest = reason == FinishReason.StopRule ? stopped.Text ?? "" : _stops.Flush().ToString();
        var reported = _reported ?? new ReportedUsage();
        if (reported.GeneratedTokens is null && _scoredTokens > 0) reported = reported with { GeneratedTokens = _scoredTokens };
        return new GenerationChunk(rest, reason) { Tokens = stopped.Tokens, Fault = fault, Reported = reported };
    }

    private void LosePatience() => _reading.Cancel();
}
