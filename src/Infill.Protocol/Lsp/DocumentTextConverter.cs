using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Infill.Protocol.Lsp;

/// <summary>The text of a document, which may not be Unicode: a file can hold half a surrogate pair, and clients send it so.</summary>
/// <remarks>
/// Refusing such text would lose the document. Each half becomes U+FFFD, which is as long as it in UTF-16 and in UTF-8,
/// so positions still mean the same.
/// </remarks>
internal sealed class DocumentTextConverter : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("A string is needed here.");

        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException) // the only way the reader tells
        {
            return Repair(reader.ValueSpan);
        }
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    /// <summary>Unescapes a string that the JSON reader has already found well formed but for its surrogates or its UTF-8.</summary>
    private static string Repair(ReadOnlySpan<byte> escaped)
    {
        var text = new StringBuilder(escaped.Length);
        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\');
            if (plain < 0) plain = escaped.Length;
            text.Append(Encoding.UTF8.GetString(escaped[..plain]));
            escaped = escaped[plain..];
            if (escaped.IsEmpty) break;

            var kind = escaped[1];
            if (kind == 'u')
            {
                text.Append((char)ushort.Parse(escaped.Slice(2, 4), NumberStyles.HexNumber));
                escaped = escaped[6..];
                continue;
            }

            text.Append(kind switch
            {
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                _ => (char)kind, // quote, slash, backslash
            });
            escaped = escaped[2..];
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else text[i] = '\uFFFD';
        }

        return text.ToString();
    }
}
