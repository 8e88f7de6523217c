using System.Buffers;
using System.Diagnostics;

namespace Infill.Completion.Documents;

/// <summary>How a file ends most of its lines.</summary>
public enum LineBreakStyle
{
    Lf,
    CrLf,
}

/// <summary>
/// A text that never changes; an edit makes a new one that shares all but the edited place. Offsets and
/// lengths are UTF-16 units. Lines end with \n, \r\n or a lone \r, as LSP says. Any thread may read it.
/// </summary>
/// <remarks>
/// The text is an array of chunks of some 4,096 characters and one array of running totals. An edit builds
/// the touched chunks and copies both arrays (6 KB for a file of 1 MB), so a keystroke costs microseconds,
/// and nothing of it reaches the large object heap below some 20 MB.
/// </remarks>
public sealed partial class SourceText
{
    /// <summary>A rebuilt piece shorter than this takes a neighbour in, so that chunks don't fragment.</summary>
    private const int MinChunkLength = 1024;

    private readonly TextChunk[] _chunks;

    /// <summary>What lies before each chunk, and last what lies in all of them.</summary>
    private readonly Totals[] _totals;

    private SourceText(TextChunk[] chunks)
    {
        _chunks = chunks;
        _totals = new Totals[chunks.Length + 1];
        for (var i = 0; i < chunks.Length; i++) _totals[i + 1] = _totals[i].Plus(chunks[i]);
    }

    public static SourceText Empty { get; } = new([]);

    public int Length => _totals[^1].Length;

    /// <summary>At least 1: text after the last break is a line even when it is empty.</summary>
    public int LineCount => _totals[^1].Breaks + 1;

    /// <summary>What most breaks of the file are; <see cref="LineBreakStyle.Lf"/> where there are none.</summary>
    public LineBreakStyle LineBreakStyle =>
        _totals[^1].CrLfs * 2L > _totals[^1].Breaks ? LineBreakStyle.CrLf : LineBreakStyle.Lf;

    /// <exception cref="ArgumentOutOfRangeException">The offset is not in the text.</exception>
    public char this[int offset]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Length);
            var chunk = ChunkAt(offset);
            return _chunks[chunk].Text[offset - _totals[chunk].Length];
        }
    }

    public static SourceText From(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0) return Empty;
        var chunks = new List<TextChunk>();
        TextChunk.Split(text, chunks);
        return new SourceText([.. chunks]);
    }

    /// <summary>This text with <paramref name="length"/> characters from <paramref name="start"/> replaced.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The place is not in the text.</exception>
    public SourceText With(int start, int length, string replacement)
    {
        ArgumentNullException.ThrowIfNull(replacement);
        CheckRange(start, length);
        if (length == 0 && replacement.Length == 0) return this;
        if (length == Length) return From(replacement);

        // Each outer chunk keeps at least one character on its far side, so the boundaries beyond them stay as
        // they are: no edit can bring a \r and a \n, or the halves of a surrogate pair, to two sides of one.
        var first = start == 0 ? 0 : ChunkAt(start - 1);
        var last = start + length == Length ? _chunks.Length - 1 : ChunkAt(start + length);

        var rebuilt = _totals[last + 1].Length - _totals[first].Length - length + (long)replacement.Length;
        if (rebuilt < MinChunkLength && last + 1 < _chunks.Length) rebuilt += _chunks[++last].Length;
        else if (rebuilt < MinChunkLength && first > 0) rebuilt += _chunks[--first].Length;

        var from = _totals[first].Length;
        var to = _totals[last + 1].Length;
        var buffer = ArrayPool<char>.Shared.Rent(checked((int)rebuilt));
        try
        {
            var text = buffer.AsSpan(0, (int)rebuilt);
            CopyTo(from, text[..(start - from)]);
            replacement.CopyTo(text[(start - from)..]);
            CopyTo(start + length, text[^(to - start - length)..]);

            var pieces = new List<TextChunk>(last - first + 1);
            TextChunk.Split(text, pieces);
            return new SourceText([.. _chunks.AsSpan(0, first), .. pieces, .. _chunks.AsSpan(last + 1)]);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>The offset of a line's first character; <paramref name="line"/> counts from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public int LineStart(int line)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(line);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(line, LineCount);
        if (line == 0) return 0;

        // The line's start follows the break number `line`, which lies in the last chunk with fewer before it.
        var chunk = LastTotals(line - 1, static totals => totals.Breaks);
        return _totals[chunk].Length + _chunks[chunk].LineStarts[line - 1 - _totals[chunk].Breaks];
    }

    /// <summary>The offset just behind a line's last character, before its break.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public int LineEnd(int line)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(line);
        if (line == LineCount - 1) return Length;
        var next = LineStart(line + 1);
        return next >= 2 && this[next - 1] == '\n' && this[next - 2] == '\r' ? next - 2 : next - 1;
    }

    /// <summary>The line, from 0, that holds <paramref name="offset"/>; a line's break belongs to it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset lies beyond the text's end.</exception>
    public int LineOf(int offset)
    {
        CheckRange(offset, 0);
        if (offset == Length) return LineCount - 1;
        var chunk = ChunkAt(offset);
        var within = offset - _totals[chunk].Length;
        var index = _chunks[chunk].LineStarts.BinarySearch((ushort)within);
        return _totals[chunk].Breaks + (index >= 0 ? index + 1 : ~index);
    }

    /// <summary>A line's text without its break.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such line.</exception>
    public string LineText(int line)
    {
        var start = LineStart(line);
        return Substring(start, LineEnd(line) - start);
    }

    /// <summary>Fills <paramref name="destination"/> with the characters from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The text has fewer.</exception>
    public void CopyTo(int start, Span<char> destination)
    {
        CheckRange(start, destination.Length);
        if (destination.IsEmpty) return;

        var chunk = ChunkAt(start);
        var source = _chunks[chunk].Text.AsSpan(start - _totals[chunk].Length);
        while (source.Length < destination.Length)
        {
            source.CopyTo(destination);
            destination = destination[source.Length..];
            source = _chunks[++chunk].Text;
        }

        source[..destination.Length].CopyTo(destination);
    }

    /// <exception cref="ArgumentOutOfRangeException">The place is not in the text.</exception>
    public string Substring(int start, int length)
    {
        CheckRange(start, length);
        return string.Create(length, (Text: this, Start: start), static (span, from) => from.Text.CopyTo(from.Start, span));
    }

    public override string ToString() => Substring(0, Length);

    /// <summary>Whether both hold the same characters, however they came to be.</summary>
    public bool ContentEquals(SourceText? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || other.Length != Length) return false;

        var offset = 0;
        for (int mine = 0, theirs = 0; offset < Length;)
        {
            // A chunk that both share, as after an edit elsewhere, costs nothing: equal references end it at once.
            var left = _chunks[mine].Text.AsSpan(offset - _totals[mine].Length);
            var right = other._chunks[theirs].Text.AsSpan(offset - other._totals[theirs].Length);
            var length = Math.Min(left.Length, right.Length);
            if (!left[..length].SequenceEqual(right[..length])) return false;

            offset += length;
            if (offset == _totals[mine + 1].Length) mine++;
            if (offset == other._totals[theirs + 1].Length) theirs++;
        }

        return true;
    }

    private void CheckRange(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - length, nameof(start));
    }

    private int ChunkAt(int offset)
    {
        Debug.Assert((uint)offset < (uint)Length, "Only an offset before the end has a chunk.");
        return LastTotals(offset, static totals => totals.Length);
    }

    /// <summary>The last chunk that has at most <paramref name="value"/> of what is counted before it, where it lies in a chunk.</summary>
    private int LastTotals(long value, Func<Totals, int> count)
    {
        var low = 0;
        var high = _chunks.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (count(_totals[middle]) <= value) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>Running totals over chunks: UTF-16 units, line breaks, how many of these are \r\n, UTF-8 and UTF-32 units.</summary>
    private readonly record struct Totals(int Length, int Breaks, int CrLfs, int Utf8, int Utf32)
    {
        public Totals Plus(TextChunk chunk) => new(
            Length + chunk.Length,
            Breaks + chunk.LineStarts.Length,
            CrLfs + chunk.CrLfCount,
            Utf8 + chunk.Utf8Length,
            Utf32 + chunk.Utf32Length);
    }
}
