using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>The arrays behind <c>llama_batch</c>, allocated once, outside the collected heap. Owned by who owns the context.</summary>
internal sealed unsafe class LlamaBatchArrays : IDisposable
{
    private readonly int* _tokens;
    private readonly int* _positions;
    private readonly int* _counts;
    private readonly int* _sequences;
    private readonly int** _sequencePointers;
    private readonly sbyte* _outputs;

    /// <param name="capacity">Most tokens of a batch.</param>
    public LlamaBatchArrays(int capacity)
    {
        _tokens = Allocate<int>(capacity);
        _positions = Allocate<int>(capacity);
        _counts = Allocate<int>(capacity);
        _sequences = Allocate<int>(capacity);
        _outputs = Allocate<sbyte>(capacity);
        _sequencePointers = (int**)NativeMemory.Alloc((nuint)capacity, (nuint)sizeof(int*));
        for (var i = 0; i < capacity; i++)
        {
            _counts[i] = 1; // every token belongs to one sequence
            _sequencePointers[i] = _sequences + i;
        }
    }

    public int Count { get; private set; }

    /// <summary>What <c>llama_decode</c> takes. It points into the arrays.</summary>
    public LlamaBatch View => new()
    {
        TokenCount = Count,
        Token = _tokens,
        Position = _positions,
        SequenceIdCount = _counts,
        SequenceId = _sequencePointers,
        Output = _outputs,
    };

    public void Clear() => Count = 0;

    /// <param name="token">Its id.</param>
    /// <param name="position">In its sequence, from 0.</param>
    /// <param name="sequence">Sequence id.</param>
    /// <param name="isOutput">Whether its logits are wanted.</param>
    public void Add(int token, int position, int sequence, bool isOutput)
    {
        _tokens[Count] = token;
        _positions[Count] = position;
        _sequences[Count] = sequence;
        _outputs[Count] = (sbyte)(isOutput ? 1 : 0);
        Count++;
    }

    public void Dispose()
    {
        NativeMemory.Free(_tokens);
        NativeMemory.Free(_positions);
        NativeMemory.Free(_counts);
        NativeMemory.Free(_sequences);
        NativeMemory.Free(_outputs);
        NativeMemory.Free(_sequencePointers);
    }

    private static T* Allocate<T>(int count)
        where T : unmanaged => (T*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(T));
}
