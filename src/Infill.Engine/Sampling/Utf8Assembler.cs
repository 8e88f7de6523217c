using System.Text;

namespace Infill.Engine.Sampling;

/// <summary>Byte pieces to whole characters: what ends inside a code point is held back until the rest comes.</summary>
internal sealed class Utf8Assembler
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder(); // invalid bytes become U+FFFD

    /// <summary>The characters that are whole now; never half a surrogate pair.</summary>
    public string Append(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty) return "";
        Span<char> characters = stackalloc char[piece.Length + 2];
        var count = _decoder.GetChars(piece, characters, flush: false);
        return count == 0 ? "" : new string(characters[..count]);
    }
}
