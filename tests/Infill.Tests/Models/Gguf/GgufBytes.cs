using System.Buffers.Binary;
using System.Text;

namespace Infill.Tests.Models.Gguf;

#pragma warning disable CA1001 // its streams are memory alone

/// <summary>Writes GGUF files for tests, right ones and wrong ones.</summary>
internal sealed class GgufBytes(uint version = 3)
{
    private readonly MemoryStream _keys = new();
    private readonly MemoryStream _tensors = new();
    private ulong _keyCount, _tensorCount, _dataBytes;

    /// <summary>A small whole model of the Qwen kind: two tensors, six tokens.</summary>
    public static GgufBytes Small() => new GgufBytes()
        .Text("general.architecture", "qwen2").Text("general.name", "Small").Text("general.license", "apache-2.0")
        .Number("general.file_type", 7).Number("qwen2.context_length", 4096)
        .Texts("tokenizer.ggml.tokens", "a", "b", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "c")
        .Texts("tokenizer.ggml.merges", "a b", "b c")
        .Floats("tokenizer.ggml.scores", 6)
        .Tensor("token_embd.weight", 8, 64, 6).Tensor("output_norm.weight", 0, 64);

    public GgufBytes Text(string key, string value) => Key(key, 8, keys => Put(keys, value));

    public GgufBytes Number(string key, uint value) => Key(key, 4, keys => Put32(keys, value));

    public GgufBytes Texts(string key, params string[] values) => Key(key, 9, keys =>
    {
        Put32(keys, 8);
        Put64(keys, (ulong)values.Length);
        foreach (var value in values) Put(keys, value);
    });

    public GgufBytes Floats(string key, int count) => Key(key, 9, keys =>
    {
        Put32(keys, 6);
        Put64(keys, (ulong)count);
        keys.Write(new byte[count * 4]);
    });

    /// <summary>A value of any kind, as it stands in the file.</summary>
    public GgufBytes Raw(string key, uint kind, params byte[] value) => Key(key, kind, keys => keys.Write(value));

    /// <summary>Float32 (0) or Q8_0 (8), or any kind with the size of the former.</summary>
    public GgufBytes Tensor(string name, uint type, params ulong[] shape)
    {
        Put(_tensors, name);
        Put32(_tensors, (uint)shape.Length);
        foreach (var length in shape) Put64(_tensors, length);
        Put32(_tensors, type);
        Put64(_tensors, _dataBytes);
        var elements = shape.Aggregate(1UL, static (product, length) => unchecked(product * length));
        var bytes = type == 8 ? elements / 32 * 34 : unchecked(elements * 4);
        _dataBytes += Math.Min((bytes + 31) / 32 * 32, 1 << 20);
        _tensorCount++;
        return this;
    }

    public byte[] ToArray(ulong? claimedKeys = null, ulong? claimedTensors = null)
    {
        var file = new MemoryStream();
        file.Write("GGUF"u8);
        Put32(file, version);
        Put64(file, claimedTensors ?? _tensorCount);
        Put64(file, claimedKeys ?? _keyCount);
        file.Write(_keys.ToArray());
        file.Write(_tensors.ToArray());
        file.Write(new byte[(32 - (file.Length % 32)) % 32]);
        file.Write(new byte[_dataBytes]);
        return file.ToArray();
    }

    private GgufBytes Key(string key, uint kind, Action<MemoryStream> value)
    {
        Put(_keys, key);
        Put32(_keys, kind);
        value(_keys);
        _keyCount++;
        return this;
    }

    private static void Put(MemoryStream stream, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Put64(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void Put32(MemoryStream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void Put64(MemoryStream stream, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }
}
