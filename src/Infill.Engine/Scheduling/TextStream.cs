using System.Text;
using System.Threading.Channels;

namespace Infill.Engine.Scheduling;

/// <summary>A generation's text on its way from the engine thread to its one reader.</summary>
/// <remarks>
/// The engine never waits for the reader: text that is not read yet piles up in one buffer, and comes as one chunk when it is.
/// So a slow reader loses nothing and holds up nobody, memory is bounded by the text, and where nobody reads at the
/// moment a token costs its characters and no more. The first text is told at once; to wake readers takes its time, so those
/// of later texts are told when a next step has begun, which on a GPU costs nothing: <see cref="ReaderTeller"/> says which.
/// </remarks>
internal sealed class TextStream
{
    private readonly Channel<bool> _signal = Channel.CreateUnbounded<bool>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();                 // held to append, or to take what is there
    private readonly StringBuilder _unread = new(64);    // guarded by _gate
    private List<TracedToken>? _unreadTokens;            // guarded by _gate
    private GenerationChunk? _last;                      // guarded by _gate; nothing comes after it
    private bool _isTold;                                // guarded by _gate: the reader has been told and has not looked yet
    private bool _isToBeTold;                            // guarded by _gate: the engine thread has been asked to have it told
    private bool _hasBegun;                              // engine thread

    /// <summary>Engine thread only.</summary>
    /// <returns>Whether <see cref="Tell"/> is to be called, soon.</returns>
    public bool Write(ReadOnlySpan<char> text, TracedToken? token)
    {
        bool isNews;
        lock (_gate)
        {
            _unread.Append(text);
            if (token is { } traced) (_unreadTokens ??= []).Add(traced);
            isNews = !_isTold && !_isToBeTold;
            _isToBeTold |= isNews;
        }

        if (_hasBegun) return isNews;
        _hasBegun = true;
        Tell();
        return false;
    }

    /// <summary>Engine thread, or another that it has asked: the reader gets what was written.</summary>
    /// <remarks>
    /// The lock is free when the signal is given: on a machine whose cores all compute, the reader takes this one's the moment it is
    /// told, would find the lock held by the thread that it has put aside, and have its next chance at the next tick of the clock, 4 ms later.
    /// </remarks>
    public void Tell()
    {
        lock (_gate)
        {
            _isToBeTold = false;
            if (_isTold) return;
            _isTold = true;
        }

        _signal.Writer.TryWrite(true); // the reader goes on elsewhere: nothing of it runs here
    }

    /// <summary>Engine thread only: the last chunk, exactly once. What was not read yet comes with it.</summary>
    public void Complete(GenerationChunk last)
    {
        lock (_gate) _last = last;
        Tell();
    }

    /// <summary>Reads to the last chunk; once, by one reader.</summary>
    public async IAsyncEnumerable<GenerationChunk> ReadAllAsync()
    {
        GenerationChunk chunk;
        do
        {
            await _signal.Reader.ReadAsync().ConfigureAwait(false);
            chunk = Take();
            yield return chunk;
        }
        while (chunk.Finish == FinishReason.None);
    }

    private GenerationChunk Take()
    {
        lock (_gate)
        {
            _isTold = false;
            var chunk = _last ?? default;
            if (_unread.Length > 0 || chunk.Text is null) chunk = chunk with { Text = _unread.Append(chunk.Text).ToString() };
            if (_unreadTokens is { } tokens) chunk = chunk with { Tokens = [.. tokens, .. chunk.Tokens] };
            _unread.Clear();
            _unreadTokens = null;
            return chunk;
        }
    }
}
