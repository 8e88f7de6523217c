using System.Buffers;
using System.Diagnostics;
using System.Text;

namespace Infill.Completion.Documents;

/// <summary>A piece of a <see cref="SourceText"/>, never empty, counted once when made. Never changes.</summary>
/// <remarks>
/// No chunk ends between \r and \n or inside a surrogate pair, so that line breaks and code points can be
/// counted chunk by chunk and added up.
/// </remarks>
internal sealed class TextChunk
{
    /// <summary>No chunk is longer, in UTF-16 units: its string stays far below the large object heap, and line starts fit 16 bits.</summary>
    public const int MaxLength = 8192;

    private const int TargetLength = 4096;

    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n");

    private readonly ushort[] _lineStarts;

    private TextChunk(string text)
    {
        Text = text;
        _lineStarts = FindLineStarts(text, out var crLfCount);
        CrLfCount = crLfCount;
        IsAscii = Ascii.IsValid(text);
        Utf8Length = IsAscii ? text.Length : Encoding.UTF8.GetByteCount(text);
        Utf32Length = IsAscii ? text.Length : CountCodePoints(text);
    }

    public string Text { get; }

    public int Length => Text.Length;

    /// <summary>Where lines start that follow a break in this chunk; the last may equal <see cref="Length"/>.</summary>
    public ReadOnlySpan<ushort> LineStarts => _lineStarts;

    /// <summary>How many of the breaks are \r\n.</summary>
    public int CrLfCount { get; }

    public bool IsAscii { get; }

    public int Utf8Length { get; }

    public int Utf32Length { get; }

    /// <summary>Cuts <paramref name="text"/> into as many chunks of about equal length as it needs, none for no text.</summary>
    public static void Split(ReadOnlySpan<char> text, List<TextChunk> into)
    {
        if (text.Length is > 0 and <= MaxLength)
        {
            into.Add(new TextChunk(text.ToString()));
            return;
        }

        while (text.Length > 0)
        {
            var piecesLeft = (text.Length + TargetLength - 1) / TargetLength;
            var end = text.Length / piecesLeft;
            if (end < text.Length && MustStayTogether(text[end - 1], text[end])) end++;

            into.Add(new TextChunk(text[..end].ToString()));
            text = text[end..];
        }
    }

    public static bool MustStayTogether(char before, char after) =>
        (before == '\r' && after == '\n') || char.IsSurrogatePair(before, after);

    /// <summary>How many units of <paramref name="encoding"/> the first <paramref name="length"/> UTF-16 units make.</summary>
    public int UnitsBefore(int length, PositionEncoding encoding)
    {
        if (IsAscii || encoding == PositionEncoding.Utf16) return length;
        var text = Text.AsSpan(0, length);
        return encoding == PositionEncoding.Utf8 ? Encoding.UTF8.GetByteCount(text) : CountCodePoints(text);
    }

    /// <summary>The reverse of <see cref="UnitsBefore"/>, rounded down to the start of a code point.</summary>
    public int OffsetOfUnits(int units, PositionEncoding encoding)
    {
        if (IsAscii) return units;
        Debug.Assert(encoding != PositionEncoding.Utf16, "UTF-16 units are offsets already.");

        var offset = 0;
        while (offset < Text.Length)
        {
            // A lone surrogate fails to decode; it is then the replacement character, one UTF-16 unit long.
            Rune.DecodeFromUtf16(Text.AsSpan(offset), out var rune, out var length);
            units -= encoding == PositionEncoding.Utf8 ? rune.Utf8SequenceLength : 1;
            if (units < 0) break;
            offset += length;
        }

        return offset;
    }

    private static int CountCodePoints(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        for (var i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i])) count--;
        }

        return count;
    }

    private static ushort[] FindLineStarts(ReadOnlySpan<char> text, out int crLfCount)
    {
        Span<ushort> starts = stackalloc ushort[text.Length];
        var count = 0;
        var offset = 0;
        crLfCount = 0;
        while (true)
        {
            var next = text[offset..].IndexOfAny(LineBreaks);
            if (next < 0) break;

            offset += next + 1;
            if (text[offset - 1] == '\r' && offset < text.Length && text[offset] == '\n')
            {
                offset++;
                crLfCount++;
            }

            starts[count++] = (ushort)offset;
        }

        return count == 0 ? [] : starts[..count].ToArray();
    }
}
