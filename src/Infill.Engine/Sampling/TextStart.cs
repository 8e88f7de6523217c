namespace Infill.Engine.Sampling;

/// <summary>
/// Bytes that a generation must begin with and that its reader has already: they are matched token by token, and what a token
/// has beyond them is the first text to be passed on. Owned by the engine thread.
/// </summary>
internal sealed class TextStart(ReadOnlyMemory<byte> bytes)
{
    private int _met;

    /// <summary>Whether the text is free from here on.</summary>
    public bool IsMet => _met == bytes.Length;

    /// <summary>What is still to come of it.</summary>
    public ReadOnlySpan<byte> Rest => bytes.Span[_met..];

    /// <summary>Takes a chosen token's piece, which agrees with <see cref="Rest"/>.</summary>
    /// <returns>What of it is new to the reader.</returns>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> piece)
    {
        var known = Math.Min(piece.Length, bytes.Length - _met);
        _met += known;
        return piece[known..];
    }
}
