using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Infill.Protocol.JsonRpc;

/// <summary>One outgoing frame in the making: JSON goes in, header and body come out in one piece. One thread at a time.</summary>
internal sealed class FrameBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 4 * 1024;

    /// <summary>Room before the body for the header, whose length is only known afterwards.</summary>
    private const int Reserved = 32;

    private static readonly JsonWriterOptions s_options = new()
    {
        // UTF-8 needs no escaping beyond what JSON asks; the default escapes for HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private byte[] _bytes = new byte[InitialBytes];
    private int _start = Reserved;
    private int _end = Reserved;

    public FrameBuffer() => Json = new Utf8JsonWriter(this, s_options);

    /// <summary>Writes the body. <see cref="Seal"/> ends it.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>The whole frame, once sealed.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(_start, _end - _start);

    public int Length => _end - _start;

    /// <summary>Puts the header in front of the body.</summary>
    public void Seal()
    {
        Json.Flush();
        Debug.Assert(Json.CurrentDepth == 0, "A message was left open.");

        Span<byte> header = stackalloc byte[Reserved];
        "Content-Length: "u8.CopyTo(header);
        var length = "Content-Length: "u8.Length;
        Utf8Formatter.TryFormat(_end - Reserved, header[length..], out var digits);
        length += digits;
        "\r\n\r\n"u8.CopyTo(header[length..]);
        length += 4;

        _start = Reserved - length;
        header[..length].CopyTo(_bytes.AsSpan(_start));
    }

    /// <summary>Makes it ready for another frame. False where it grew so large that keeping it would waste memory.</summary>
    public bool TryReset()
    {
        if (_bytes.Length > 64 * InitialBytes) return false;

        _start = _end = Reserved;
        Json.Reset();
        return true;
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsSpan(_end);
    }

    private void Grow(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (_bytes.Length - _end >= needed) return;

        Array.Resize(ref _bytes, Math.Max(checked(_end + needed), (int)Math.Min(Array.MaxLength, 2L * _bytes.Length)));
    }
}
