using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>Computes a prompt in a context of its own, whose graph is left every few nodes for other steps, and then moves its cells to the prompt's slot.</summary>
/// <remarks>
/// Owned by the engine thread, and on it alone: what runs between two pieces is called from inside the graph. With a thread for the
/// lane, which would take turns with the engine's, steps of 2 ms took 18: the worker still spins on one core, so both meet on the other.
/// </remarks>
internal sealed unsafe class LlamaPrefillLane : IPrefillLane, IDisposable
{
    /// <summary>
    /// Computed in one graph: what is stopped in its middle loses at most so many. 2,000 tokens take 0.71 s in chunks of 128, 0.68 in
    /// chunks of 256 and 0.80 in chunks of 512, whose nodes are the longest to wait for (Zen 5, 2 cores).
    /// </summary>
    private const int ChunkTokens = 128;

    /// <summary>Of a slot's cells: the lane's own, and those on their way.</summary>
    public const int CellCopies = 2;

    /// <summary>Of a graph's nodes, a quarter of a layer: a millisecond of the default model's.</summary>
    private const int PieceNodes = 8;

    private readonly LlamaContextHandle _slots;
    private readonly int _streams;
    private readonly LlamaModelHandle _model;
    private readonly LlamaContextParams _parameters;
    private readonly long _bytes;
    private readonly LlamaSequenceState _state = new();
    private readonly LlamaBatchArrays _batch = new(ChunkTokens);
    private readonly GCHandle _self;

    private LlamaContextHandle? _context;
    private int _slot = -1;    // whose prompt is under way
    private int[] _tokens = [];
    private int? _threads;     // where others were chosen than the context is made with
    private int _nodes;        // that llama.cpp has asked about
    private bool _isStopped;   // in the middle of a chunk
    private Func<bool> _mayGoOn = static () => true;

    /// <param name="model">The weights.</param>
    /// <param name="slots">The context whose slots prompts are computed for, with a stream for each.</param>
    /// <param name="parameters">As that context was made.</param>
    /// <param name="slotTokens">Most tokens of a slot.</param>
    /// <param name="cellBytes">Bytes of each.</param>
    public LlamaPrefillLane(LlamaModelHandle model, LlamaContextHandle slots, LlamaContextParams parameters, int slotTokens, long cellBytes)
    {
        _bytes = CellCopies * slotTokens * cellBytes;
        _model = model;
        _slots = slots;
        _streams = (int)parameters.MaxSequences;
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        parameters.ContextTokens = (uint)slotTokens;
        parameters.MaxSequences = 1;
        parameters.BatchTokens = parameters.UbatchTokens = ChunkTokens;
        parameters.MaxOutputs = 1;
        parameters.AbortCallback = null;
        parameters.AbortCallbackData = null;
        parameters.EvalCallback = &OnNode;
        parameters.EvalCallbackUserData = (void*)GCHandle.ToIntPtr(_self);
        _parameters = parameters;
    }

    /// <summary>A copy between slots was asked for that llama.cpp makes with the next step: till then their memory isn't what it says.</summary>
    public bool IsCopyDue { get; set; }

    public bool CanBegin => !IsCopyDue && _slot < 0;

    public int Length { get; private set; }

    /// <summary>Threads for the chunks from now on.</summary>
    public void UseThreads(int threads)
    {
        _threads = threads;
        if (_context is not null) LlamaNative.SetThreads(_context, threads, threads);
    }

    /// <remarks>The context is made when it is first needed: who types alone may never need it.</remarks>
    public bool TryBegin(int slot, ReadOnlySpan<int> tokens, int length)
    {
        if (!TryMakeContext() || (length > 0 && !_state.TryCopy(At(slot), Own))) return false;
        _slot = slot;
        _tokens = tokens.ToArray();
        Length = length;
        return true;
    }

    public bool Run(Func<bool> mayGoOn)
    {
        _mayGoOn = mayGoOn;
        _isStopped = false;
        while (Length < _tokens.Length && !_isStopped) ComputeChunk();
        return Length == _tokens.Length;
    }

    /// <remarks>Of a chunk that is under way the cells are there, and what is in them is not.</remarks>
    public bool TryShare()
    {
        if (Length == 0) return true;
        if (!_state.TryCopy(Own, At(_slot))) return false;
        LlamaNative.MemorySequenceRemove(LlamaNative.GetMemory(_slots), _slot, Length, -1);
        return true;
    }

    public bool TryFinish()
    {
        var isThere = TryShare();
        LlamaNative.MemorySequenceRemove(Own.Memory, 0, 0, -1);
        _slot = -1;
        return isThere;
    }

    public void Dispose()
    {
        _context?.Dispose();
        _state.Dispose();
        _batch.Dispose();
        _self.Free();
    }

    private LlamaSequenceState.Place Own => new(_context!, LlamaNative.GetMemory(_context!), Streams: 1, Id: 0);

    private LlamaSequenceState.Place At(int slot) => new(_slots, LlamaNative.GetMemory(_slots), _streams, slot);

    private bool TryMakeContext()
    {
        if (_context is not null) return true;
        if (MachineMemory.AvailableBytes < _bytes) return false;
        try
        {
            _context = LlamaContextHandle.Create(_model, _parameters);
        }
        catch (EngineException)
        {
            return false;
        }

        _context.Share(_slots);
        if (_threads is { } threads) UseThreads(threads);
        return true;
    }

    private void ComputeChunk()
    {
        var count = Math.Min(ChunkTokens, _tokens.Length - Length);
        _batch.Clear();
        for (var i = 0; i < count; i++) _batch.Add(_tokens[Length + i], Length + i, sequence: 0, isOutput: false);
        var status = LlamaNative.Decode(_context!, _batch.View);
        if (status != DecodeStatus.Ok) throw new EngineException($"llama.cpp failed on a chunk of {count} tokens (status {(int)status}). {LlamaLog.TakeError()}".TrimEnd());
        if (_isStopped) LlamaNative.MemorySequenceRemove(Own.Memory, 0, Length, -1); // llama.cpp believes that the whole graph ran
        else Length += count;
    }

    /// <summary>Before each node llama.cpp asks whether to stop after it, and there, whether to go on: if not, it leaves the graph as if it were done.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnNode(void* node, byte isAsking, void* data)
    {
        var lane = (LlamaPrefillLane)GCHandle.FromIntPtr((nint)data).Target!;
        if (isAsking != 0) return (byte)(++lane._nodes % PieceNodes == 0 ? 1 : 0);
        lane._isStopped |= !lane._mayGoOn();
        return (byte)(lane._isStopped ? 0 : 1);
    }
}
