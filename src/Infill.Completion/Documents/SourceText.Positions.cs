namespace Infill.Completion.Documents;

/// <content>LSP positions to offsets and back, and edits given in them.</content>
public sealed partial class SourceText
{
    /// <summary>
    /// The offset of a position. A character past the line's end means the line's end; one inside a code point
    /// means that code point's start. False, where the text has no such line (or a part is negative).
    /// </summary>
    public bool TryGetOffset(TextPosition position, PositionEncoding encoding, out int offset)
    {
        offset = 0;
        if (position.Line < 0 || position.Line >= LineCount || position.Character < 0) return false;

        var start = LineStart(position.Line);
        var end = LineEnd(position.Line);
        var units = UnitsBefore(start, encoding) + (long)position.Character;
        offset = units >= UnitsBefore(end, encoding) ? end : OffsetOfUnits(units, encoding);
        return true;
    }

    /// <summary>
    /// The position of an offset; one inside a line break is at the line's end, one inside a surrogate pair at
    /// its code point's start.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset lies beyond the text's end.</exception>
    public TextPosition PositionAt(int offset, PositionEncoding encoding)
    {
        var line = LineOf(offset);
        var start = LineStart(line);
        var end = RoundedDown(Math.Min(offset, LineEnd(line)));
        return new TextPosition(line, UnitsBefore(end, encoding) - UnitsBefore(start, encoding));
    }

    /// <summary>This text after one change whose range is measured in it.</summary>
    /// <exception cref="TextChangeException">The range lies outside the text, or ends before it starts.</exception>
    public SourceText With(in TextChange change, PositionEncoding encoding)
    {
        if (change.Range is not { } range) return From(change.NewText);

        var start = OffsetOf(range.Start, encoding);
        var end = OffsetOf(range.End, encoding);
        if (end < start)
        {
            throw new TextChangeException(
                $"An edit from {Describe(range.Start)} to {Describe(range.End)} ends before it starts.");
        }

        return With(start, end - start, change.NewText);
    }

    private int OffsetOf(TextPosition position, PositionEncoding encoding) =>
        TryGetOffset(position, encoding, out var offset)
            ? offset
            : throw new TextChangeException(
                $"An edit at {Describe(position)} lies outside the text, which has {LineCount} lines.");

    /// <summary>Counted from zero, as the client sent it.</summary>
    private static string Describe(TextPosition position) => $"line {position.Line}, character {position.Character}";

    private int UnitsBefore(int offset, PositionEncoding encoding)
    {
        if (encoding == PositionEncoding.Utf16) return offset;
        if (offset == Length) return Units(_totals[^1], encoding);
        var chunk = ChunkAt(offset);
        return Units(_totals[chunk], encoding) + _chunks[chunk].UnitsBefore(offset - _totals[chunk].Length, encoding);
    }

    /// <summary>The offset that many units behind the text's start; they must be fewer than the whole text has.</summary>
    private int OffsetOfUnits(long units, PositionEncoding encoding)
    {
        if (encoding == PositionEncoding.Utf16) return RoundedDown((int)units);
        var chunk = encoding == PositionEncoding.Utf8
            ? LastTotals(units, static totals => totals.Utf8)
            : LastTotals(units, static totals => totals.Utf32);
        return _totals[chunk].Length
            + _chunks[chunk].OffsetOfUnits((int)(units - Units(_totals[chunk], encoding)), encoding);
    }

    private int RoundedDown(int offset) =>
        offset > 0 && offset < Length && char.IsSurrogatePair(this[offset - 1], this[offset]) ? offset - 1 : offset;

    private static int Units(in Totals totals, PositionEncoding encoding) =>
        encoding == PositionEncoding.Utf8 ? totals.Utf8 : totals.Utf32;
}
