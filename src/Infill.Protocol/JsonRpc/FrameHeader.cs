using System.Buffers.Text;
using System.Text;

namespace Infill.Protocol.JsonRpc;

/// <summary>The header block of one frame.</summary>
/// <param name="Size">Bytes of the block, its empty line included.</param>
/// <param name="ContentLength">Bytes of the body.</param>
/// <param name="IsUtf8">False where Content-Type names another charset.</param>
internal readonly record struct FrameHeader(int Size, long ContentLength, bool IsUtf8)
{
    /// <summary>Reads a block that starts at the first byte.</summary>
    /// <returns>
    /// True when a whole, valid block was read. Otherwise the fault says what is wrong with it, as soon as the bytes at
    /// hand show it, and is null where more bytes may still make it right.
    /// </returns>
    /// <remarks>A bare line feed ends a line too: hand-written clients forget the carriage return.</remarks>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out FrameHeader header, out string? fault)
    {
        header = default;
        fault = null;
        long length = -1;
        var isUtf8 = true;
        var position = 0;

        while (true)
        {
            var rest = bytes[position..];
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end].TrimEnd((byte)'\r');
            if (end >= 0 && line.IsEmpty)
            {
                if (length < 0)
                {
                    fault = "the header has no Content-Length";
                    return false;
                }

                header = new FrameHeader(position + end + 1, length, isUtf8);
                return true;
            }

            var colon = line.IndexOf((byte)':');
            var isWhole = end >= 0;
            var isName = colon > 0 ? IsName(line[..colon]) : colon < 0 && !isWhole && IsName(line.TrimEnd((byte)'\r'));
            if (!isName)
            {
                fault = "there are bytes between frames that are no header";
                return false;
            }

            if (!isWhole) return false;

            var name = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
            {
                if (!Utf8Parser.TryParse(value, out long parsed, out var used) || used != value.Length || parsed < 0 || value[0] == '+')
                {
                    fault = "the Content-Length is not a length";
                    return false;
                }

                if (length >= 0 && length != parsed)
                {
                    fault = "the header has two Content-Lengths";
                    return false;
                }

                length = parsed;
            }
            else if (Ascii.EqualsIgnoreCase(name, "Content-Type"u8))
            {
                isUtf8 = NamesUtf8(value);
            }

            position += end + 1;
        }
    }

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        foreach (var b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b != '-' && b != '_') return false;
        }

        return true;
    }

    private static bool NamesUtf8(ReadOnlySpan<byte> contentType)
    {
        while (!contentType.IsEmpty)
        {
            var end = contentType.IndexOf((byte)';');
            var part = (end < 0 ? contentType : contentType[..end]).Trim(" \t"u8);
            contentType = end < 0 ? default : contentType[(end + 1)..];

            var equals = part.IndexOf((byte)'=');
            if (equals < 0 || !Ascii.EqualsIgnoreCase(part[..equals], "charset"u8)) continue;

            var charset = part[(equals + 1)..].Trim("\""u8);
            return Ascii.EqualsIgnoreCase(charset, "utf-8"u8) || Ascii.EqualsIgnoreCase(charset, "utf8"u8);
        }

        return true; // UTF-8 is what the protocol means where nothing is said
    }
}
