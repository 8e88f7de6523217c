using System.Buffers.Binary;
using Infill.Models;
using Infill.Models.Gguf;

namespace Infill.Tests.Models.Gguf;

/// <summary>100,000 damaged headers: each is read or refused in a sentence, and none makes the reader allocate.</summary>
public sealed class GgufFuzzTests
{
    private const int Files = 100_000, RealFiles = 500;
    private const long MostBytes = 64L << 20;

    private static readonly ulong[] s_numbers = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1UL << 40, long.MaxValue, 1UL << 63, ulong.MaxValue];

    [Fact]
    public void No_damaged_header_crashes_the_reader_or_makes_it_allocate()
    {
        var small = new[]
        {
            GgufBytes.Small().ToArray(),
            new GgufBytes(version: 2).Text("general.architecture", "gpt2").Texts("tokenizer.ggml.tokens", "a", "▁<PRE>").Raw("gpt2.context_length", 11, 0, 8, 0, 0, 0, 0, 0, 0).ToArray(),
            new GgufBytes().Number("llama.context_length", 8).Number("general.alignment", 32).Text("general.architecture", "llama").Tensor("t", 14, 256, 2).Tensor("u", 99, 4).ToArray(),
        };
        var real = RealHeader();

        long most = 0, refused = 0;
        for (var seed = 0; seed < Files; seed++)
        {
            var random = new Random(seed);
            var file = Mutated(seed % (Files / RealFiles) == 0 ? real : small[seed % small.Length], random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                GgufHeader.Read(file, "m.gguf");
            }
            catch (ModelException e)
            {
                refused++;
                Assert.True(e.Message.StartsWith("'m.gguf' is ", StringComparison.Ordinal) && e.Message.EndsWith('.'), $"seed {seed}: {e.Message}");
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(most < MostBytes, $"{most} bytes were allocated for one header");
        Assert.InRange(refused, Files / 10, Files - 1); // else the mutations would test nothing
    }

    /// <summary>The embedded model's header with nothing behind it: the weights' lengths are then wrong, but only the last check sees that.</summary>
    private static byte[] RealHeader()
    {
        using var file = File.OpenRead(DefaultModel.Path);
        var bytes = new byte[600_000];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static MemoryStream Mutated(byte[] whole, Random random)
    {
        var bytes = (byte[])whole.Clone();
        var length = bytes.Length;
        for (var left = random.Next(1, 5); left > 0; left--)
        {
            var at = random.Next(length);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    random.NextBytes(bytes.AsSpan(at, Math.Min(random.Next(1, 32), length - at)));
                    break;
                case 3 when length - at >= 8: // where a length or count may stand
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), s_numbers[random.Next(s_numbers.Length)]);
                    break;
                case 4 when length - at >= 4:
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)s_numbers[random.Next(s_numbers.Length)]);
                    break;
                case 5:
                    length = at + 1;
                    break;
            }
        }

        return new MemoryStream(bytes, 0, length);
    }
}
