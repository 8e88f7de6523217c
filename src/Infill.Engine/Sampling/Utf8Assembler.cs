using System.Text;

namespace Infill.Engine.Sampling;

/// <summary>Byte pieces to whole characters: what ends inside a code point is held back until the rest comes.</summary>
internal sealed class Utf8Assembler
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder(); // invalid bytes become U+FFFD
    private char[] _characters = new char[32];

    /// <summary>The characters that are whole now, valid until the next call; never half a surrogate pair.</summary>
    public ReadOnlySpan<char> Append(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty) return [];
        if (_characters.Length < piece.Length + 2) _characters = new char[piece.Length + 2]; // with what was held back
        return _characters.AsSpan(0, _decoder.GetChars(piece, _characters, flush: false));
    }
}
