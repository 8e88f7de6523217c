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

    private readonly LlamaModel _model;
    private readonly LlamaContextHandle _context;
    private readonly nint _memory;
    private readonly GCHandle _self;
    private readonly LlamaBatchArrays _batch;
    private readonly List<int> _order = [];       // slices of the step by slot
    private readonly List<int> _lastPending = []; // of each slice, where its logits begin
    private Func<bool> _shouldAbort = static () => false;
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
            var size = CacheSize.For(options, model.TrainedContext, model.CellBytes, model.WeightBytes, MachineMemory.AvailableBytes);
            (MaxSequences, ContextTokens, ContextCells) = (size.Slots, size.SlotTokens, size.Cells);
            _context = LlamaContextHandle.Create(model.Handle, Parameters(options));
        }
        catch
        {
            _self.Free();
            _batch.Dispose();
            throw;
        }

        if (LlamaThreadpool.TryCreate(options.Threads) is { } threadpool) _context.Attach(threadpool);
        _memory = LlamaNative.GetMemory(_context);
    }

    public IVocabulary Vocabulary => _model;

    public KvLayout Layout { get; }

    public int ContextCells { get; }

    public int ContextTokens { get; }

    public int MaxSequences { get; }

    public StepStatus Run(StepPlan plan, Func<bool> shouldAbort)
    {
        _shouldAbort = shouldAbort;
        Fill(plan);
        var status = LlamaNative.Decode(_context, _batch.View);
        LlamaLog.IsAborting = false;
        switch (status)
        {
            case DecodeStatus.Ok:
                return StepStatus.Completed;
            case DecodeStatus.Aborted:
                return StepStatus.Aborted;
            case DecodeStatus.NoCells:
                return StepStatus.NoCells;
            default:
                var reason = LlamaLog.TakeError();
                throw new EngineException($"llama.cpp failed on a batch of {plan.TotalTokens} tokens (status {(int)status}). {reason}".TrimEnd());
        }
    }

    /// <remarks>The attached pool keeps its workers: those that a step doesn't use go on sleeping.</remarks>
    public void UseThreads(int threads) => LlamaNative.SetThreads(_context, threads, threads);

    public ReadOnlySpan<float> Logits(int slice, int drafted = 0)
    {
        var logits = LlamaNative.GetLogits(_context, _lastPending[slice] + drafted);
        if (logits == null) throw new EngineException("llama.cpp has no logits for a token that asked for them.");
        return new ReadOnlySpan<float>(logits, _model.Size);
    }

    public bool TryTruncate(int slot, int length) => LlamaNative.MemorySequenceRemove(_memory, slot, length, -1) != 0;

    public bool TryCopy(int source, int target, int length)
    {
        // Asked to copy a part of a stream, llama.cpp ends the process: the whole is copied, with the next step, and then cut.
        var end = Layout == KvLayout.Streams ? -1 : length;
        LlamaNative.MemorySequenceCopy(_memory, source, target, 0, end);
        if (TryTruncate(target, length) && Length(target) == length) return true;

        TryTruncate(target, 0);
        return false;
    }

    public int Length(int slot) => LlamaNative.MemorySequenceLastPosition(_memory, slot) + 1;

    public void Dispose()
    {
        if (_disposed) return; // the arrays and the GC handle must be freed once only
        _disposed = true;
        _context.Dispose();
        _batch.Dispose();
        _self.Free();
    }

    private LlamaContextParams Parameters(EngineOptions options)
    {
        var parameters = LlamaNative.ContextDefaultParams();
        parameters.ContextTokens = (uint)ContextCells;
        parameters.BatchTokens = (uint)options.MaxBatchTokens;
        parameters.UbatchTokens = (uint)options.MaxBatchTokens;
        parameters.MaxSequences = (uint)MaxSequences;
        parameters.MaxOutputs = (uint)Math.Max(MaxSequences, options.Speculation ? Drafter.MostStepTokens : 0); // one for each sequence, or for each drafted token of one; fewer trip an assertion
        parameters.Threads = options.Threads;
        parameters.ThreadsBatch = options.Threads;
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
        CollectionsMarshal.SetCount(_lastPending, _order.Count);
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

            _lastPending[s] = _batch.Count - 1 - slice.Draft.Length;
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
