using System.Diagnostics;
using Infill.Engine.Sampling;

namespace Infill.Engine.Llama;

/// <summary>What a bare run took.</summary>
/// <param name="Prefill">All prompts, from an empty cache, the first token of each included.</param>
/// <param name="Decode">All tokens after these.</param>
public readonly record struct BareRun(TimeSpan Prefill, TimeSpan Decode);

/// <summary>The yardstick: prompts and then tokens through <c>llama_decode</c>, and nothing around it. One thread at a time.</summary>
/// <remarks>
/// What an engine can reach at most with this library: no queue, no cache, no text, no stopping. Every sequence has a stream
/// of the KV cache to itself, the fastest layout on a CPU.
/// </remarks>
public sealed unsafe class LlamaBareLoop : IDisposable
{
    private const int BatchTokens = 512;
    private const int FlashAttentionEnabled = 1;

    private readonly LlamaModel _model;
    private readonly LlamaContextHandle _context;
    private readonly nint _memory;
    private readonly LlamaBatchArrays _batch;

    /// <param name="model">The weights; they stay the caller's.</param>
    /// <param name="sequences">Most prompts of a run.</param>
    /// <param name="tokensPerSequence">Most tokens of one, prompt and generated together.</param>
    /// <param name="threads">Threads to compute with.</param>
    /// <exception cref="EngineException">There is no memory for the context.</exception>
    public LlamaBareLoop(LlamaModel model, int sequences, int tokensPerSequence, int threads)
    {
        _model = model;
        var parameters = LlamaNative.ContextDefaultParams();
        parameters.ContextTokens = (uint)(sequences * tokensPerSequence);
        parameters.BatchTokens = BatchTokens;
        parameters.UbatchTokens = BatchTokens;
        parameters.MaxSequences = (uint)sequences;
        parameters.MaxOutputs = (uint)sequences;
        parameters.Threads = threads;
        parameters.ThreadsBatch = threads;
        parameters.FlashAttentionType = FlashAttentionEnabled;
        parameters.KvUnified = 0;
        parameters.OpOffload = model.Offload.Layers > 0 ? (byte)1 : (byte)0;
        _context = LlamaContextHandle.Create(model.Handle, parameters);
        if (LlamaThreadpool.TryCreate(threads) is { } threadpool) _context.Attach(threadpool);
        _memory = LlamaNative.GetMemory(_context);
        _batch = new LlamaBatchArrays(BatchTokens);
    }

    /// <summary>Computes the prompts one after another, then decodes all sequences together, greedily, never stopping early.</summary>
    /// <param name="prompts">Token ids, special ones included.</param>
    /// <param name="tokens">Tokens to generate for each, at least 1.</param>
    /// <exception cref="EngineException">llama.cpp refused a batch.</exception>
    public BareRun Run(IReadOnlyList<IReadOnlyList<int>> prompts, int tokens)
    {
        _ = LlamaNative.MemorySequenceRemove(_memory, -1, 0, -1); // every sequence
        var next = new int[prompts.Count];
        var began = Stopwatch.GetTimestamp();
        for (var sequence = 0; sequence < prompts.Count; sequence++)
        {
            next[sequence] = Prefill(sequence, prompts[sequence]);
        }

        var prefilled = Stopwatch.GetTimestamp();
        for (var step = 0; step < tokens - 1; step++)
        {
            for (var sequence = 0; sequence < next.Length; sequence++)
            {
                _batch.Add(next[sequence], prompts[sequence].Count + step, sequence, isOutput: true);
            }

            Decode();
            for (var sequence = 0; sequence < next.Length; sequence++)
            {
                next[sequence] = Best(sequence);
            }
        }

        return new BareRun(Stopwatch.GetElapsedTime(began, prefilled), Stopwatch.GetElapsedTime(prefilled));
    }

    public void Dispose()
    {
        if (_context.IsClosed) return;
        _context.Dispose();
        _batch.Dispose();
    }

    /// <returns>The first token after the prompt.</returns>
    private int Prefill(int sequence, IReadOnlyList<int> prompt)
    {
        for (var i = 0; i < prompt.Count; i++)
        {
            var isLast = i == prompt.Count - 1;
            _batch.Add(prompt[i], i, sequence, isLast);
            if (isLast) break;
            if (_batch.Count == BatchTokens) Decode();
        }

        var last = _batch.Count - 1;
        Decode();
        return Best(last);
    }

    private void Decode()
    {
        var status = LlamaNative.Decode(_context, _batch.View);
        _batch.Clear();
        if (status != DecodeStatus.Ok) throw new EngineException($"llama.cpp failed on a bare batch (status {(int)status}). {LlamaLog.TakeError()}".TrimEnd());
    }

    private int Best(int batchIndex) =>
        Sampler.IndexOfBest(new ReadOnlySpan<float>(LlamaNative.GetLogits(_context, batchIndex), _model.Size));
}
