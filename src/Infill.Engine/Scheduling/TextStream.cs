using System.Text;
using System.Threading.Channels;

namespace Infill.Engine.Scheduling;

/// <summary>A generation's text on its way from the engine thread to its one reader.</summary>
/// <remarks>
/// The engine never waits for the reader: text that is not read yet piles up in one buffer, and comes as one chunk when it is.
/// So a slow reader loses nothing and holds up nobody, memory is bounded by the text, and where nobody reads at the
/// moment a token costs its characters and no more.
/// </remarks>
internal sealed class TextStream
{
    private readonly Channel<bool> _signal = Channel.CreateUnbounded<bool>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly Lock _gate = new();                 // held to append, or to take what is there
    private readonly StringBuilder _unread = new(64);    // guarded by _gate
    private List<TracedToken>? _unreadTokens;            // guarded by _gate
    private GenerationChunk? _last;                      // guarded by _gate; nothing comes after it
    private bool _signalled;                             // guarded by _gate: the reader has been told and has not looked yet

    /// <summary>Engine thread only.</summary>
    public void Write(ReadOnlySpan<char> text, TracedToken? token)
    {
        bool isNews;
        lock (_gate)
        {
            _unread.Append(text);
            if (token is { } traced) (_unreadTokens ??= []).Add(traced);
            isNews = IsNews();
        }

        if (isNews) Signal();
    }

    /// <summary>Engine thread only: the last chunk, exactly once. What was not read yet comes with it.</summary>
    public void Complete(GenerationChunk last)
    {
        bool isNews;
        lock (_gate)
        {
            _last = last;
            isNews = IsNews();
        }

        if (isNews) Signal();
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
            _signalled = false;
            var chunk = _last ?? default;
            if (_unread.Length > 0 || chunk.Text is null) chunk = chunk with { Text = _unread.Append(chunk.Text).ToString() };
            if (_unreadTokens is { } tokens) chunk = chunk with { Tokens = [.. tokens, .. chunk.Tokens] };
            _unread.Clear();
            _unreadTokens = null;
            return chunk;
        }
    }

    /// <summary>Whether the reader is to be told; the lock is held.</summary>
    private bool IsNews()
    {
        if (_signalled) return false;
        return _signalled = true;
    }

    /// <summary>
    /// The lock is free by now: on a machine whose cores all compute, the reader takes this one's the moment it is told, would find
    /// the lock held by the thread that it has put aside, and have its next chance at the next tick of the clock, 4 ms later.
    /// </summary>
    private void Signal() => _signal.Writer.TryWrite(true); // the reader goes on elsewhere: nothing of it runs here
}
