using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>A sequence's cells on their way from one context's KV cache to another's of the same model. Owned by who owns the contexts.</summary>
/// <remarks>
/// llama.cpp writes a sequence as: a magic number, the sequence id, the number of streams, and for each stream the number of cells
/// (0 where it isn't the sequence's), and behind that the cells. It refuses what comes from a cache with another number of
/// streams, though a sequence has only one: so that is written anew. 2,000 tokens of the default model take 3 ms.
/// </remarks>
internal sealed unsafe class LlamaSequenceState : IDisposable
{
    private const int Head = 3 * sizeof(uint);

    private byte* _buffer; // grows, and stays: to have that much memory given anew takes longer than to fill it
    private nuint _size;

    /// <summary>One sequence of a context. A stream's number is its sequence's.</summary>
    /// <param name="Context">Whose.</param>
    /// <param name="Memory">Its KV cache.</param>
    /// <param name="Streams">How many streams that has.</param>
    /// <param name="Id">Which sequence.</param>
    public readonly record struct Place(LlamaContextHandle Context, nint Memory, int Streams, int Id);

    /// <summary>Has <paramref name="target"/> hold what <paramref name="source"/> does, which keeps it.</summary>
    /// <returns>False where that failed; the target is then empty.</returns>
    public bool TryCopy(Place source, Place target)
    {
        var cells = LlamaNative.MemorySequenceLastPosition(source.Memory, source.Id) + 1;
        var size = LlamaNative.StateSequenceSize(source.Context, source.Id);
        var zeros = (nuint)((target.Streams - 1) * sizeof(uint));
        if (TryReserve(size + zeros) && LlamaNative.StateSequenceGet(source.Context, _buffer, size, source.Id) == size)
        {
            var body = _buffer + Head + (source.Id * sizeof(uint));
            var length = size - Head - (nuint)((source.Streams - 1) * sizeof(uint));
            if (*(uint*)body == (uint)cells)
            {
                var head = body - Head;
                *(uint*)head = *(uint*)_buffer; // the magic number
                ((int*)head)[1] = target.Id;
                ((int*)head)[2] = target.Streams;
                NativeMemory.Clear(body + length, zeros);
                var whole = Head + length + zeros;
                if (LlamaNative.StateSequenceSet(target.Context, head, whole, target.Id) == whole &&
                    LlamaNative.MemorySequenceLastPosition(target.Memory, target.Id) + 1 == cells) return true;
            }
        }

        LlamaLog.TakeError(); // nobody asked for it
        LlamaNative.MemorySequenceRemove(target.Memory, target.Id, 0, -1);
        return false;
    }

    public void Dispose()
    {
        NativeMemory.Free(_buffer);
        _buffer = null;
        _size = 0;
    }

    private bool TryReserve(nuint size)
    {
        if (size <= _size) return true;
        Dispose();
        try
        {
            _buffer = (byte*)NativeMemory.Alloc(size);
            _size = size;
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }
}
