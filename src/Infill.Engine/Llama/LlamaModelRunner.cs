using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Infill.Engine.Caching;
using Infill.Engine.Drafting;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Llama;

/// <summary><see cref="StepPlan"/> → batch → logits, on a llama.cpp context. Owned by the engine thread.</summary>
public sealed unsafe class LlamaModelRunner : IModelRunner
{
    private const int FlashAttentionEnabled = 1;
    private const int GpuPrefillGrain = 16;
    private const int GgmlTypeQ8_0 = 8;

    private static readonly Func<bool> s_never = static () => false;

    private readonly LlamaModel _model;
    private readonly LlamaContextHandle _context;
    private readonly nint _memory;
    private readonly GCHandle _self;
    private readonly LlamaBatchArrays _batch;
    private readonly LlamaCpuBackend? _attention; // null where single tokens are computed as llama.cpp likes
    private readonly LlamaPrefillLane? _lane;
    private readonly List<int> _order = [];       // slices of the step by slot
    private readonly List<int> _firstRows = []; // of each slice that wants logits, which of all rows is its first
    private float* _logits;                      // of the last step, a row for each token that wants them
    private Func<bool> _shouldAbort = s_never;
    private DecodeStatus? _begun; // how the step began that the GPU computes, until it is waited for
    private bool _isTooLarge; // a step found no memory
    private bool _disposed;

    /// <summary>Makes a context, which keeps the weights for as long as it lives.</summary>
    /// <exception cref="EngineException">There is no memory for the context.</exception>
    public LlamaModelRunner(LlamaModel model, EngineOptions options)
    {
        _model = model;
        Layout = options.Layout;
        _batch = new LlamaBatchArrays(options.MaxBatchTokens);
        _self = GCHandle.Alloc(this, GCHandleType.Weak);
        try
        {
            var size = SizeOf(model, options);
            (MaxSequences, ContextTokens, ContextCells) = (size.Slots, size.SlotTokens, size.Cells);
            var parameters = Parameters(options, size);
            _context = LlamaCpuBackend.Make(() => LlamaContextHandle.Create(model.Handle, parameters), out var backend);
            if (IsUndivided(model, options)) _attention = backend;
            if (LlamaThreadpool.TryCreate(ThreadsOf(options)) is { } threadpool) _context.Attach(threadpool);
            _memory = LlamaNative.GetMemory(_context);
            if (HasLane(model, options, size)) _lane = new LlamaPrefillLane(model.Handle, _context, parameters, size.SlotTokens, model.CellBytes);
            if (model.Offload.Layers > 0) CompileKernels(options.MaxBatchTokens);
        }
        catch
        {
            _lane?.Dispose();
            _context?.Dispose();
            _self.Free();
            _batch.Dispose();
            throw;
        }
    }

    public IVocabulary Vocabulary => _model;

    public KvLayout Layout { get; }

    public int ContextCells { get; }

    public int ContextTokens { get; }

    public int MaxSequences { get; }

    public bool IsOnDevice => _model.Offload.IsWhole;

    public IPrefillLane? Lane => _lane;

    public bool AddsUpAlike => _attention is not null;

    public void Begin(StepPlan plan)
    {
        if (!IsOnDevice) return;
        _shouldAbort = s_never; // what little is computed here is never worth aborting
        Fill(plan);
        _begun = LlamaNative.Decode(_context, _batch.View);
    }

    public StepStatus Run(StepPlan plan, Func<bool> shouldAbort)
    {
        _shouldAbort = shouldAbort;
        if (_begun is null) Fill(plan);
        _attention?.UseReference(plan.TotalTokens == 1);
        var status = _begun ?? LlamaNative.Decode(_context, _batch.View);
        _begun = null;
        _logits = status == DecodeStatus.Ok ? LlamaNative.GetAllLogits(_context) : null; // a GPU has only been told what to do: this waits for it
        LlamaLog.IsAborting = false;
        switch (status)
        {
            case DecodeStatus.Ok:
                _lane?.IsCopyDue = false;
                return StepStatus.Completed;
            case DecodeStatus.Aborted:
                return StepStatus.Aborted;
            case DecodeStatus.NoCells:
                return StepStatus.NoCells;
            case DecodeStatus.AllocationFailed:
                _isTooLarge = true;
                goto default;
            default:
                var reason = LlamaLog.TakeError();
                throw new EngineException($"llama.cpp failed on a batch of {plan.TotalTokens} tokens (status {(int)status}). {reason}".TrimEnd());
        }
    }

    /// <remarks>The attached pool keeps its workers: those that a step doesn't use go on sleeping.</remarks>
    public void UseThreads(int threads)
    {
        if (!_model.Offload.IsWhole) LlamaNative.SetThreads(_context, threads, threads);
        _lane?.UseThreads(threads);
    }

    public void Rest() => _context.Rest();

    public ReadOnlySpan<float> Logits(int slice, int drafted = 0)
    {
        if (_logits == null) throw new EngineException("llama.cpp has no logits for a token that asked for them.");
        return new ReadOnlySpan<float>(_logits + ((long)(_firstRows[slice] + drafted) * _model.Size), _model.Size);
    }

    public bool TryTruncate(int slot, int length) => LlamaNative.MemorySequenceRemove(_memory, slot, length, -1) != 0;

    public bool TryCopy(int source, int target, int length)
    {
        // Asked to copy a part of a stream, llama.cpp ends the process: the whole is copied, with the next step, and then cut.
        var end = Layout == KvLayout.Streams ? -1 : length;
        LlamaNative.MemorySequenceCopy(_memory, source, target, 0, end);
        _lane?.IsCopyDue = true;
        if (TryTruncate(target, length) && Length(target) == length) return true;

        TryTruncate(target, 0);
        return false;
    }

    public int Length(int slot) => LlamaNative.MemorySequenceLastPosition(_memory, slot) + 1;

    public void Dispose()
    {
        if (_disposed) return; // the arrays and the GC handle must be freed once only
        _disposed = true;
        _lane?.Dispose();
        _context.Dispose();
        _batch.Dispose();
        _self.Free();
        if (_isTooLarge) _model.Shrink(); // whoever makes the next context makes a smaller one
    }

    private static CacheSize SizeOf(LlamaModel model, EngineOptions options)
    {
        if (model.Offload.Layers == 0) return CacheSize.For(options, model.TrainedContext, model.CellBytes, model.WeightBytes, MachineMemory.AvailableBytes);
        var there = (long)(model.CellBytes * model.Offload.Share);
        var size = CacheSize.Fit(options, model.TrainedContext, there, model.WeightBytes, model.ReadFreeGpuBytes());
        var here = options with { MaxSequences = size.Slots, ContextCells = size.Cells, MemoryLimit = null };
        CacheSize.For(here, model.TrainedContext, model.CellBytes - there, model.WeightBytes, MachineMemory.AvailableBytes); // of the layers that are not there
        return size;
    }

    /// <summary>On a CPU with no more threads than there are heads to divide among them.</summary>
    private static bool IsUndivided(LlamaModel model, EngineOptions options) =>
        model.Offload.Layers == 0 && options.Threads <= LlamaNative.ModelHeads(model.Handle);

    /// <summary>On a CPU, where a graph can pause; of memory that is nothing but cells, each of one token; within the limit, where there is one.</summary>
    private static bool HasLane(LlamaModel model, EngineOptions options, CacheSize size)
    {
        if (options.Layout != KvLayout.Streams || model.Offload.Layers > 0 || !model.HasPlainCache) return false;
        return options.MemoryLimit is not { } limit || model.WeightBytes + ((size.Cells + ((long)LlamaPrefillLane.CellCopies * size.SlotTokens)) * model.CellBytes) <= limit;
    }

    /// <summary>Measured on an H100 with 7 billion parameters: 64, 96 and 128 tokens take 13, 16 and 18 ms.</summary>
    public int PrefillGrain => _model.Offload.IsWhole ? GpuPrefillGrain : StepCost.Tile;

    /// <summary>What is left to the processor of a model on the GPU is a look-up of each token's row.</summary>
    private int ThreadsOf(EngineOptions options) => _model.Offload.IsWhole ? 1 : options.Threads;

    /// <summary>
    /// Some steps of each kind: a GPU's kernels are compiled by the driver when they are first needed, which can take a minute, once
    /// for a machine, and would pass for a step that hangs.
    /// </summary>
    private void CompileKernels(int mostTokens)
    {
        foreach (var tokens in (ReadOnlySpan<int>)[1, 2, 4, 8, 16, 64, 256, 512])
        {
            if (tokens <= mostTokens) Compute(tokens, slots: 1);
        }

        for (var slots = 2; slots <= MaxSequences; slots *= 2)
        {
            Compute(slots, slots);
        }

        LlamaNative.MemorySequenceRemove(_memory, -1, 0, -1); // every sequence
    }

    /// <exception cref="EngineException">The GPU has no room for what such a step needs.</exception>
    private void Compute(int tokens, int slots)
    {
        LlamaNative.MemorySequenceRemove(_memory, -1, 0, -1);
        _batch.Clear();
        for (var i = 0; i < tokens; i++) _batch.Add(token: 0, i / slots, i % slots, isOutput: i >= tokens - slots);
        var status = LlamaNative.Decode(_context, _batch.View);
        if (status != DecodeStatus.Ok) throw new EngineException($"llama.cpp failed on a first batch of {tokens} tokens (status {(int)status}). {LlamaLog.TakeError()}".TrimEnd());
        LlamaNative.Synchronize(_context);
    }

    private LlamaContextParams Parameters(EngineOptions options, CacheSize size)
    {
        var parameters = LlamaNative.ContextDefaultParams();
        parameters.ContextTokens = (uint)ContextCells;
        parameters.BatchTokens = (uint)options.MaxBatchTokens;
        parameters.UbatchTokens = (uint)options.MaxBatchTokens;
        parameters.MaxSequences = (uint)MaxSequences;
        parameters.MaxOutputs = (uint)Math.Max(MaxSequences, options.Speculation ? Drafter.MostStepTokens : 0); // one for each sequence, or for each drafted token of one; fewer trip an assertion
        parameters.Threads = ThreadsOf(options);
        parameters.ThreadsBatch = ThreadsOf(options);
        parameters.OpOffload = _model.Offload.Layers > 0 ? (byte)1 : (byte)0;
        if (size.IsHalved) parameters.TypeK = parameters.TypeV = GgmlTypeQ8_0;
        parameters.FlashAttentionType = FlashAttentionEnabled;
        parameters.KvUnified = Layout == KvLayout.Unified ? (byte)1 : (byte)0;
        parameters.AbortCallback = &OnAbortAsked;
        parameters.AbortCallbackData = (void*)GCHandle.ToIntPtr(_self);
        return parameters;
    }

    /// <summary>Called between two nodes of the graph, on the thread that called decode.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnAbortAsked(void* data)
    {
        if (GCHandle.FromIntPtr((nint)data).Target is not LlamaModelRunner runner || !runner._shouldAbort()) return 0;
        LlamaLog.IsAborting = true;
        return 1;
    }

    /// <summary>The plan's slices by slot: where each slot has a stream, llama.cpp computes together what it finds in slots that follow each other.</summary>
    private void Fill(StepPlan plan)
    {
        _batch.Clear();
        Sort(plan);
        CollectionsMarshal.SetCount(_firstRows, _order.Count);
        var rows = 0;
        foreach (var s in _order)
        {
            var slice = plan.Slices[s];
            var sequence = slice.Sequence;
            var first = sequence.ComputedTokens;
            var wantsLogits = slice.WantsLogits;
            for (var i = 0; i < slice.Length; i++)
            {
                _batch.Add(slice.Token(i), first + i, sequence.Slot!.Id, wantsLogits && i >= slice.Count - 1);
            }

            _firstRows[s] = rows;
            if (wantsLogits) rows += 1 + slice.Draft.Length;
        }
    }

    private void Sort(StepPlan plan)
    {
        _order.Clear();
        for (var s = 0; s < plan.Slices.Count; s++)
        {
            var at = s;
            while (at > 0 && SlotOf(_order[at - 1]) > SlotOf(s)) at--;
            _order.Insert(at, s);
        }

        int SlotOf(int slice) => plan.Slices[slice].Sequence.Slot!.Id;
    }
}
