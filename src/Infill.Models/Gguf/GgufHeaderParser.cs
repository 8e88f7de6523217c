using System.Buffers.Binary;
using System.Text;

namespace Infill.Models.Gguf;

/// <summary>Reads one header: magic, metadata, table of tensors. Used once.</summary>
internal sealed class GgufHeaderParser(GgufReader reader)
{
    private const int KeyBytes = 256;           // longer keys are none of ours
    private const int LeastKey = 8 + 4 + 1;     // an empty key, its kind, the smallest value
    private const int LeastTensor = 8 + 4 + 8 + 4 + 8;
    private const int MostTensorNameBytes = 63; // ggml's, without its final zero
    private const long MostElements = 1L << 56; // a byte each would be 64 PiB
    private const string ContextKey = ".context_length", VocabularyKey = ".vocab_size";

    private readonly Dictionary<uint, long> _bytesByType = []; // only types that are known, so there are few
    private string? _architecture, _name, _licence, _template;
    private uint? _fileType;
    private long? _context;
    private long _vocabulary;
    private uint _alignment = 32;
    private GgufFimTokens _named, _spelled;

    /// <exception cref="ModelException">The file is no whole GGUF that llama.cpp could read.</exception>
    public GgufHeader Parse()
    {
        var version = ReadVersion();
        var tensors = reader.UInt64();
        var keys = reader.UInt64();
        if (keys > (ulong)(reader.Remaining / LeastKey) || tensors > (ulong)(reader.Remaining / LeastTensor)) throw reader.Truncated();
        for (var i = 0UL; i < keys; i++) ReadPair();
        if (_architecture is null || !IsName(_architecture)) throw reader.Hostile("its header names no architecture");

        var (parameters, weights, end) = ReadTensors((long)tensors);
        var padding = (_alignment - (reader.Position % _alignment)) % _alignment;
        if (tensors > 0 && (padding > reader.Remaining || end > reader.Remaining - padding)) throw reader.Truncated();
        return new GgufHeader
        {
            Version = version,
            Architecture = _architecture,
            Name = _name ?? "",
            Licence = _licence ?? "",
            Quantisation = (_fileType is { } type ? TensorTypes.NameOfFile(type) : null) ?? MostUsedType(),
            ContextLength = _context,
            VocabularySize = _vocabulary,
            Fim = new GgufFimTokens(_named.Prefix ?? _spelled.Prefix, _named.Suffix ?? _spelled.Suffix, _named.Middle ?? _spelled.Middle),
            FimTemplate = _template,
            TensorCount = (int)tensors, // a header of 256 MiB holds some 8 million
            ParameterCount = parameters,
            WeightBytes = weights,
        };
    }

    private int ReadVersion()
    {
        const string Remedy = "Infill needs a model file in GGUF format (its name ends in .gguf).";
        if (reader.Length >= 4)
        {
            var beginning = reader.Take((int)Math.Min(16, reader.Length));
            if (beginning.StartsWith("version https://"u8)) throw reader.Unusable("is the Git LFS pointer to a model, not the model itself", "Run 'git lfs pull' there, or 'infill model pull'.");
            if (beginning[0] == '<') throw reader.Unusable("is a web page, not a model", "Whatever fetched it was sent to a page for people; 'infill model pull' asks for the file itself.");
            if (beginning.StartsWith("PK"u8)) throw reader.Unusable("is a zip archive or a PyTorch checkpoint, not a GGUF model", Remedy);
            if (!beginning.StartsWith("GGUF"u8)) throw reader.Unusable("is not a GGUF model file", Remedy);
        }

        if (reader.Length < 24) throw reader.Truncated();
        reader.Rewind();
        reader.Skip(4);
        var version = reader.UInt32();
        if ((version & 0xFFFF) == 0 && version != 0) throw reader.Unusable("is a GGUF file for big-endian machines", "Use the little-endian one.");
        if (version is < 2 or > 3) throw reader.Unusable($"is GGUF version {version}; Infill reads 2 and 3", "Use a newer conversion of the model.");
        return (int)version;
    }

    private void ReadPair()
    {
        Span<byte> buffer = stackalloc byte[KeyBytes];
        var read = reader.Text(KeyBytes);
        var key = buffer[..read.Length];
        read.CopyTo(key); // what comes next may refill the reader's buffer
        var kind = (GgufKind)reader.UInt32();
        if (kind == GgufKind.Text && ReadWantedText(key)) return;
        if (kind == GgufKind.Array) ReadArray(key);
        else if (IsInteger(kind)) TakeNumber(key, ReadInteger(kind));
        else if (kind == GgufKind.Text) reader.SkipText();
        else reader.Skip(SizeOf(kind));
    }

    private bool ReadWantedText(ReadOnlySpan<byte> key)
    {
        if (key.SequenceEqual("general.architecture"u8)) _architecture = Once(_architecture);
        else if (key.SequenceEqual("general.name"u8)) _name = Once(_name);
        else if (key.SequenceEqual("general.license"u8)) _licence = Once(_licence);
        else if (key.SequenceEqual("infill.fim_template"u8)) _template = Once(_template);
        else return false;
        return true;
    }

    /// <remarks>llama.cpp refuses a second one too; and so a header's length can't drive what is allocated.</remarks>
    private string Once(string? before) => before is null ? reader.Label() : throw reader.Hostile("its header says the same thing twice");

    private void TakeNumber(ReadOnlySpan<byte> key, long value)
    {
        if (key.SequenceEqual("general.file_type"u8)) _fileType = (uint)value;
        else if (key.SequenceEqual("general.alignment"u8)) _alignment = Alignment(value);
        else if (key.SequenceEqual("tokenizer.ggml.fim_pre_token_id"u8) || key.SequenceEqual("tokenizer.ggml.prefix_token_id"u8)) _named = _named with { Prefix = Id(value) };
        else if (key.SequenceEqual("tokenizer.ggml.fim_suf_token_id"u8) || key.SequenceEqual("tokenizer.ggml.suffix_token_id"u8)) _named = _named with { Suffix = Id(value) };
        else if (key.SequenceEqual("tokenizer.ggml.fim_mid_token_id"u8) || key.SequenceEqual("tokenizer.ggml.middle_token_id"u8)) _named = _named with { Middle = Id(value) };
        else if (IsOurs(key, ContextKey)) _context = value > 0 ? value : null;
        else if (IsOurs(key, VocabularyKey) && _vocabulary == 0) _vocabulary = Math.Max(value, 0);
    }

    private uint Alignment(long value) =>
        value is > 0 and <= 1 << 20 && (value & (value - 1)) == 0 ? (uint)value : throw reader.Hostile($"its alignment is {value}");

    private static int? Id(long value) => value is >= 0 and <= int.MaxValue ? (int)value : null;

    /// <summary>The architecture is named first, as a rule; before it is known, any one's value will do.</summary>
    private bool IsOurs(ReadOnlySpan<byte> key, string ending)
    {
        Span<byte> wanted = stackalloc byte[ending.Length];
        Encoding.ASCII.GetBytes(ending, wanted);
        if (!key.EndsWith(wanted)) return false;
        return _architecture is null || Ascii.Equals(key[..^ending.Length], _architecture);
    }

    private void ReadArray(ReadOnlySpan<byte> key)
    {
        var kind = (GgufKind)reader.UInt32();
        if (kind == GgufKind.Array) throw reader.Hostile("its header has lists of lists");
        if (kind != GgufKind.Text)
        {
            var size = SizeOf(kind);
            reader.Skip(reader.Count(size) * size);
            return;
        }

        var count = reader.Count(8); // each has a length at least
        if (!key.SequenceEqual("tokenizer.ggml.tokens"u8))
        {
            for (var i = 0L; i < count; i++) reader.SkipText();
            return;
        }

        _vocabulary = count;
        for (var i = 0L; i < count; i++) TakeToken(i, FimSpellings.Of(reader.Text(FimSpellings.MostBytes + 1)));
    }

    private void TakeToken(long index, FimMarker? marker)
    {
        if (marker is null) return;
        var id = Id(index);
        _spelled = marker switch
        {
            FimMarker.Prefix => _spelled with { Prefix = id },
            FimMarker.Suffix => _spelled with { Suffix = id },
            _ => _spelled with { Middle = id },
        };
    }

    /// <returns>Weights, their bytes, and where the last one ends, from the start of all.</returns>
    private (long Parameters, long Bytes, long End) ReadTensors(long count)
    {
        var (parameters, bytes, end) = (0L, 0L, 0L);
        for (var i = 0L; i < count; i++)
        {
            if (reader.Count(1) is var name && name > MostTensorNameBytes) throw reader.Hostile($"the name of tensor {i} is {name} bytes long");
            reader.Skip(name);
            var elements = ReadElements(i);
            var type = reader.UInt32();
            var offset = reader.UInt64();
            if (offset > (ulong)reader.Length) throw reader.Truncated();
            if (offset % _alignment != 0) throw reader.Hostile($"tensor {i} lies at {offset}, which its alignment of {_alignment} forbids");
            var size = TensorTypes.Bytes(type, elements);
            if (size > reader.Length - (long)offset) throw reader.Truncated();
            if (size is { } known)
            {
                if (known > reader.Length - bytes) throw reader.Hostile("its tensors overlap");
                _bytesByType[type] = _bytesByType.GetValueOrDefault(type) + known;
                bytes += known;
            }

            if (elements > long.MaxValue - parameters) throw reader.Hostile("it claims more weights than can be counted");
            parameters += elements;
            end = Math.Max(end, (long)offset + (size ?? 0));
        }

        return (parameters, bytes, end);
    }

    private long ReadElements(long tensor)
    {
        var dimensions = reader.UInt32();
        if (dimensions > 4) throw reader.Hostile($"tensor {tensor} has {dimensions} dimensions");
        var elements = 1L;
        for (var i = 0; i < dimensions; i++)
        {
            var length = reader.UInt64();
            if (length > MostElements || (length > 0 && elements > MostElements / (long)length)) throw reader.Hostile($"tensor {tensor} is larger than any disk");
            elements *= (long)length;
        }

        return elements;
    }

    private string MostUsedType() => _bytesByType.Count == 0 ? "" : TensorTypes.Name(_bytesByType.MaxBy(static pair => pair.Value).Key)!;

    private static bool IsName(string text) => text.Length is > 0 and <= 64 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool IsInteger(GgufKind kind) => kind is GgufKind.UInt8 or GgufKind.Int8 or GgufKind.UInt16 or GgufKind.Int16
        or GgufKind.UInt32 or GgufKind.Int32 or GgufKind.UInt64 or GgufKind.Int64;

    private long ReadInteger(GgufKind kind) => kind switch
    {
        GgufKind.UInt8 => reader.Byte(),
        GgufKind.Int8 => (sbyte)reader.Byte(),
        GgufKind.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(reader.Take(2)),
        GgufKind.Int16 => BinaryPrimitives.ReadInt16LittleEndian(reader.Take(2)),
        GgufKind.UInt32 => reader.UInt32(),
        GgufKind.Int32 => (int)reader.UInt32(),
        _ => (long)reader.UInt64(), // one above 2^63 is no count of anything, and comes out negative
    };

    private int SizeOf(GgufKind kind) => kind switch
    {
        GgufKind.UInt8 or GgufKind.Int8 or GgufKind.Bool => 1,
        GgufKind.UInt16 or GgufKind.Int16 => 2,
        GgufKind.UInt32 or GgufKind.Int32 or GgufKind.Float32 => 4,
        GgufKind.UInt64 or GgufKind.Int64 or GgufKind.Float64 => 8,
        _ => throw reader.Hostile($"its header has a value of the unknown kind {(uint)kind}"),
    };
}

/// <summary>The format's numbers for kinds of metadata values.</summary>
internal enum GgufKind : uint
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    Text = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}
