using Infill.Engine.Llama;
using Xunit;

namespace Infill.Tests.Scenarios;

/// <summary>Structs go by value: sizes and offsets are those that a C compiler gives <c>llama.h</c> and <c>ggml.h</c> of v0.5.0 on 64-bit hosts.</summary>
public sealed unsafe class NativeLayoutTests
{
    [Fact]
    public void Model_parameters_are_laid_out_as_in_the_header()
    {
        LlamaModelParams value;
        var start = (byte*)&value;

        (string, long)[] offsets =
        [
            ("devices", (byte*)&value.Devices - start),
            ("tensor_buft_overrides", (byte*)&value.TensorBufferOverrides - start),
            ("n_gpu_layers", (byte*)&value.GpuLayers - start),
            ("split_mode", (byte*)&value.SplitMode - start),
            ("load_mode", (byte*)&value.LoadMode - start),
            ("lazy_mode", (byte*)&value.LazyMode - start),
            ("main_gpu", (byte*)&value.MainGpu - start),
            ("tensor_split", (byte*)&value.TensorSplit - start),
            ("progress_callback", (byte*)&value.ProgressCallback - start),
            ("progress_callback_user_data", (byte*)&value.ProgressCallbackUserData - start),
            ("kv_overrides", (byte*)&value.KvOverrides - start),
            ("vocab_only", &value.VocabularyOnly - start),
            ("load_mtp", &value.LoadMtp - start),
            ("sizeof", sizeof(LlamaModelParams)),
        ];

        Assert.Equal(
            [
                ("devices", 0), ("tensor_buft_overrides", 8), ("n_gpu_layers", 16), ("split_mode", 20), ("load_mode", 24), ("lazy_mode", 28),
                ("main_gpu", 32), ("tensor_split", 40), ("progress_callback", 48), ("progress_callback_user_data", 56), ("kv_overrides", 64),
                ("vocab_only", 72), ("load_mtp", 77), ("sizeof", 80),
            ],
            offsets);
    }

    [Fact]
    public void Context_parameters_are_laid_out_as_in_the_header()
    {
        LlamaContextParams value;
        var start = (byte*)&value;

        (string, long)[] offsets =
        [
            ("n_ctx", (byte*)&value.ContextTokens - start),
            ("n_batch", (byte*)&value.BatchTokens - start),
            ("n_ubatch", (byte*)&value.UbatchTokens - start),
            ("n_seq_max", (byte*)&value.MaxSequences - start),
            ("n_threads", (byte*)&value.Threads - start),
            ("n_threads_batch", (byte*)&value.ThreadsBatch - start),
            ("flash_attn_type", (byte*)&value.FlashAttentionType - start),
            ("rope_freq_base", (byte*)&value.RopeFrequencyBase - start),
            ("defrag_thold", (byte*)&value.DefragThreshold - start),
            ("cb_eval", (byte*)&value.EvalCallback - start),
            ("type_k", (byte*)&value.TypeK - start),
            ("type_v", (byte*)&value.TypeV - start),
            ("abort_callback", (byte*)&value.AbortCallback - start),
            ("abort_callback_data", (byte*)&value.AbortCallbackData - start),
            ("embeddings", &value.Embeddings - start),
            ("kv_unified", &value.KvUnified - start),
            ("samplers", (byte*)&value.Samplers - start),
            ("n_samplers", (byte*)&value.SamplerCount - start),
            ("ctx_other", (byte*)&value.ContextOther - start),
            ("sizeof", sizeof(LlamaContextParams)),
        ];

        Assert.Equal(
            [
                ("n_ctx", 0), ("n_batch", 4), ("n_ubatch", 8), ("n_seq_max", 12), ("n_threads", 28), ("n_threads_batch", 32),
                ("flash_attn_type", 52), ("rope_freq_base", 56), ("defrag_thold", 84), ("cb_eval", 88), ("type_k", 104), ("type_v", 108),
                ("abort_callback", 112), ("abort_callback_data", 120), ("embeddings", 128), ("kv_unified", 133), ("samplers", 136),
                ("n_samplers", 144), ("ctx_other", 152), ("sizeof", 160),
            ],
            offsets);
    }

    [Fact]
    public void A_batch_is_laid_out_as_in_the_header()
    {
        LlamaBatch value;
        var start = (byte*)&value;

        (string, long)[] offsets =
        [
            ("n_tokens", (byte*)&value.TokenCount - start),
            ("token", (byte*)&value.Token - start),
            ("embd", (byte*)&value.Embedding - start),
            ("pos", (byte*)&value.Position - start),
            ("n_seq_id", (byte*)&value.SequenceIdCount - start),
            ("seq_id", (byte*)&value.SequenceId - start),
            ("logits", (byte*)&value.Output - start),
            ("sizeof", sizeof(LlamaBatch)),
        ];

        Assert.Equal([("n_tokens", 0), ("token", 8), ("embd", 16), ("pos", 24), ("n_seq_id", 32), ("seq_id", 40), ("logits", 48), ("sizeof", 56)], offsets);
    }

    [Fact]
    public void Threadpool_parameters_are_laid_out_as_in_the_header()
    {
        GgmlThreadpoolParams value;
        var start = (byte*)&value;

        (string, long)[] offsets =
        [
            ("cpumask", value.CpuMask - start),
            ("n_threads", (byte*)&value.Threads - start),
            ("prio", (byte*)&value.Priority - start),
            ("poll", (byte*)&value.Poll - start),
            ("strict_cpu", &value.StrictCpu - start),
            ("paused", &value.Paused - start),
            ("sizeof", sizeof(GgmlThreadpoolParams)),
        ];

        Assert.Equal([("cpumask", 0), ("n_threads", 512), ("prio", 516), ("poll", 520), ("strict_cpu", 524), ("paused", 525), ("sizeof", 528)], offsets);
    }
}
