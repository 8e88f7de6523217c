using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Infill.Models.Gguf;

/// <summary>Numbers and texts of a GGUF file, one after another, through one buffer of fixed size. One thread.</summary>
/// <param name="stream">Stays the caller's.</param>
/// <param name="name">The file, in messages.</param>
internal sealed class GgufReader(Stream stream, string name) : IDisposable
{
    /// <summary>The largest headers known have some 20 MB of vocabulary; what claims more is not read on.</summary>
    public const long MostHeaderBytes = 256L << 20;

    private const int BufferBytes = 64 * 1024;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _at;   // of the next byte in the buffer
    private int _held; // bytes in the buffer

    /// <summary>Bytes of the whole file.</summary>
    public long Length { get; } = stream.Length;

    /// <summary>Bytes read or skipped so far.</summary>
    public long Position { get; private set; }

    public long Remaining => Length - Position;

    public byte Byte() => Take(1)[0];

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>The length of what comes next, which must lie inside the file.</summary>
    /// <param name="least">Bytes that each of them takes at least.</param>
    public long Count(int least)
    {
        var count = UInt64();
        if (count > (ulong)(Remaining / least)) throw Truncated();
        return (long)count;
    }

    /// <summary>A text's bytes, up to <paramref name="most"/> of them; the rest is skipped. Valid until the next call.</summary>
    /// <param name="most">No more than the buffer has.</param>
    public ReadOnlySpan<byte> Text(int most)
    {
        var length = Count(1);
        var kept = (int)Math.Min(length, most);
        if (length <= BufferBytes) return Take((int)length)[..kept];
        var beginning = Take(kept).ToArray(); // skipping loses what the buffer holds; each such text has the file pay with 64 KiB of its own
        Skip(length - kept);
        return beginning;
    }

    /// <summary>The same for people: no control characters, at most 256 bytes.</summary>
    public string Label()
    {
        var text = Encoding.UTF8.GetString(Text(256));
        return string.Create(text.Length, text, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(text[i]) ? ' ' : text[i];
        }).Trim();
    }

    public void SkipText() => Skip(Count(1));

    /// <summary>Back to the file's beginning.</summary>
    public void Rewind()
    {
        stream.Position = Position = 0;
        _at = _held = 0;
    }

    public void Skip(long count)
    {
        if (count < 0 || count > Remaining) throw Truncated();
        Pass(count);
        if (count <= _held - _at)
        {
            _at += (int)count;
            return;
        }

        stream.Position = Position;
        _at = _held = 0;
    }

    /// <summary>The next bytes. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining) throw Truncated();
        if (count > _held - _at) Refill(count);
        Pass(count);
        _at += count;
        return _buffer.AsSpan(_at - count, count);
    }

    public ModelException Truncated() =>
        new($"'{name}' is truncated: it ends, at {Length} bytes, before what its header announces. Pull or copy it again.");

    public ModelException Hostile(string what) =>
        new($"'{name}' is damaged or no model: {what}. Pull or copy it again; if that doesn't help, use another file.");

    public ModelException Unusable(string what, string remedy) => new($"'{name}' {what}. {remedy}");

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Pass(long count)
    {
        Position += count;
        if (Position > MostHeaderBytes && Position < Length) throw Hostile($"its header goes on after {MostHeaderBytes >> 20} MiB");
    }

    private void Refill(int count)
    {
        var left = _held - _at;
        _buffer.AsSpan(_at, left).CopyTo(_buffer);
        _at = 0;
        _held = left;
        _held += stream.ReadAtLeast(_buffer.AsSpan(left, BufferBytes - left), count - left, throwOnEndOfStream: false);
        if (_held < count) throw Truncated(); // it became shorter while it was read
    }
}
