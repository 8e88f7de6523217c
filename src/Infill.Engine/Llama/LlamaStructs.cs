using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary><c>llama_model_params</c> of llama.cpp v0.5.0: 80 bytes on 64-bit hosts. Passed by value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaModelParams
{
    public void* Devices;
    public void* TensorBufferOverrides;
    public int GpuLayers;
    public int SplitMode;
    public int LoadMode;
    public int LazyMode;
    public int MainGpu;
    public float* TensorSplit;
    public delegate* unmanaged[Cdecl]<float, void*, byte> ProgressCallback;
    public void* ProgressCallbackUserData;
    public void* KvOverrides;
    public byte VocabularyOnly;
    public byte CheckTensors;
    public byte UseExtraBuffers;
    public byte NoHost;
    public byte NoAlloc;
    public byte LoadMtp;
}

/// <summary><c>llama_context_params</c> of llama.cpp v0.5.0: 160 bytes on 64-bit hosts. Passed by value.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaContextParams
{
    public uint ContextTokens;
    public uint BatchTokens;
    public uint UbatchTokens;
    public uint MaxSequences;
    public uint RecurrentSnapshots;
    public uint MaxOutputs;
    public uint MaxOutputsPerSequence;
    public int Threads;
    public int ThreadsBatch;
    public int ContextType;
    public int RopeScalingType;
    public int PoolingType;
    public int AttentionType;
    public int FlashAttentionType;
    public float RopeFrequencyBase;
    public float RopeFrequencyScale;
    public float YarnExtFactor;
    public float YarnAttnFactor;
    public float YarnBetaFast;
    public float YarnBetaSlow;
    public uint YarnOriginalContext;
    public float DefragThreshold;
    public delegate* unmanaged[Cdecl]<void*, byte, void*, byte> EvalCallback;
    public void* EvalCallbackUserData;
    public int TypeK;
    public int TypeV;
    public delegate* unmanaged[Cdecl]<void*, byte> AbortCallback;
    public void* AbortCallbackData;
    public byte Embeddings;
    public byte OffloadKqv;
    public byte NoPerf;
    public byte OpOffload;
    public byte SwaFull;
    public byte KvUnified;
    public void* Samplers;
    public nuint SamplerCount;
    public void* ContextOther;
}

/// <summary><c>llama_batch</c>: 56 bytes. Points into arrays that the runner owns and pins.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaBatch
{
    public int TokenCount;
    public int* Token;
    public float* Embedding;
    public int* Position;
    public int* SequenceIdCount;
    public int** SequenceId;
    public sbyte* Output;
}

/// <summary><c>ggml_threadpool_params</c>: 528 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GgmlThreadpoolParams
{
    public fixed byte CpuMask[512];
    public int Threads;
    public int Priority;
    public uint Poll;
    public byte StrictCpu;
    public byte Paused;
}

/// <summary>What <c>llama_decode</c> returned; anything below <see cref="InvalidBatch"/> is fatal for the batch.</summary>
internal enum DecodeStatus
{
    Ok = 0,
    NoCells = 1,
    Aborted = 2,
    InvalidBatch = -1,
    AllocationFailed = -2,
    ComputeFailed = -3,
}

internal enum GgmlLogLevel
{
    None = 0,
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
    Continue = 5,
}

/// <summary><c>llama_token_attr</c>, as far as it is asked about.</summary>
[Flags]
internal enum LlamaTokenAttributes
{
    None = 0,

    /// <summary>Never made of text.</summary>
    Control = 1 << 3,

    /// <summary>A word that the model's makers added: text that spells it becomes it, markers included.</summary>
    UserDefined = 1 << 4,
}
