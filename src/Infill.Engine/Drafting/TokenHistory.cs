namespace Infill.Engine.Drafting;

/// <summary>A place in a history whose past reads like the history's end.</summary>
/// <param name="Next">Where the token stands that came next there.</param>
/// <param name="Length">How many tokens before it equal the last ones of the history; 0 where there is no such place.</param>
internal readonly record struct HistoryMatch(int Next, int Length);

/// <summary>Tokens in the order they are read, searched for what followed the last time they ended like this.</summary>
/// <remarks>
/// Every pair of tokens is chained to the pair before it with the same hash, as in LZ77: appending costs a few writes, a search
/// walks the chain. A thousand tokens are taken in within some ten microseconds, and nothing is allocated but to grow.
/// </remarks>
internal sealed class TokenHistory
{
    /// <summary>Stands where two texts don't continue each other; never part of a match or of a continuation.</summary>
    public const int Gap = -1;

    /// <summary>The shortest match: a single token says too little of what comes next.</summary>
    public const int LeastMatch = 2;

    /// <summary>Beyond this a match is not told from a longer one.</summary>
    private const int LongestMatch = 64;

    /// <summary>Places looked at, the latest first; common pairs, such as a line's end and its indentation, have hundreds.</summary>
    private const int MostPlaces = 48;

    private const int HeadBits = 12;

    private readonly int[] _heads = new int[1 << HeadBits]; // of each hash the last pair's second token, plus 1
    private int[] _tokens = new int[2048];
    private int[] _earlier = new int[2048]; // at a pair's second token: that of the pair before with its hash, plus 1

    public int Count { get; private set; }

    public int this[int index] => _tokens[index];

    public void Clear()
    {
        Count = 0;
        Array.Clear(_heads);
    }

    public void Append(int token)
    {
        if (Count == _tokens.Length)
        {
            Array.Resize(ref _tokens, 2 * Count);
            Array.Resize(ref _earlier, 2 * Count);
        }

        var at = Count++;
        _tokens[at] = token;
        _earlier[at] = 0;
        if (at == 0 || token == Gap || _tokens[at - 1] == Gap) return;
        ref var head = ref _heads[Hash(_tokens[at - 1], token)];
        _earlier[at] = head;
        head = at + 1;
    }

    /// <summary>The place that shares most with the end; of equals the latest.</summary>
    public HistoryMatch FindLongest()
    {
        var best = default(HistoryMatch);
        if (Count < LeastMatch) return best;

        var place = _earlier[Count - 1];
        for (var tries = 0; place > 0 && tries < MostPlaces && best.Length < LongestMatch; tries++)
        {
            var end = place - 1;
            place = _earlier[end];
            if (_tokens[end + 1] == Gap) continue; // nothing followed there
            var length = CommonWithEnd(end);
            if (length >= LeastMatch && length > best.Length) best = new HistoryMatch(end + 1, length);
        }

        return best;
    }

    /// <summary>Copies what stands from <paramref name="from"/> on; beyond the history's end it goes on as it repeats itself.</summary>
    /// <returns>How many there are before a gap.</returns>
    public int Continue(int from, Span<int> continuation)
    {
        for (var i = 0; i < continuation.Length; i++)
        {
            var at = from + i;
            var token = at < Count ? _tokens[at] : continuation[at - Count];
            if (token == Gap) return i;
            continuation[i] = token;
        }

        return continuation.Length;
    }

    private static int Hash(int first, int second) => (int)((((uint)first * 0x9E3779B1u) + (uint)second) * 0x85EBCA77u >> (32 - HeadBits));

    private int CommonWithEnd(int end)
    {
        var length = 0;
        while (length < LongestMatch && length <= end && _tokens[end - length] == _tokens[Count - 1 - length] && _tokens[end - length] != Gap) length++;
        return length;
    }
}
