using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Infill.Engine.Llama;

/// <summary>Loaded weights. Freed after every context made from them.</summary>
internal sealed class LlamaModelHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public LlamaModelHandle() : base(ownsHandle: true) { } // public: the generated marshaller calls it

    protected override bool ReleaseHandle()
    {
        LlamaNative.ModelFree(handle);
        return true;
    }
}

/// <summary>A native context: KV cache, compute buffers, and the thread pool attached to it.</summary>
internal sealed class LlamaContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private LlamaModelHandle? _model;
    private LlamaThreadpool? _threadpool;
    private LlamaContextHandle? _owner; // of the threads, where they are another context's

    public LlamaContextHandle() : base(ownsHandle: true) { } // public: the generated marshaller calls it

    /// <exception cref="EngineException">The context could not be made, mostly for want of memory.</exception>
    internal static LlamaContextHandle Create(LlamaModelHandle model, LlamaContextParams parameters)
    {
        var context = LlamaNative.InitFromModel(model, parameters);
        if (context.IsInvalid)
        {
            context.Dispose();
            throw new EngineException(
                $"llama.cpp could not create a context of {parameters.ContextTokens} tokens for {parameters.MaxSequences} sequences; " +
                "free some memory or set a smaller context.");
        }

        var added = false;
        model.DangerousAddRef(ref added); // the weights must outlive every context made from them
        context._model = model;
        return context;
    }

    /// <summary>Keeps worker threads between steps: without it ggml starts and joins them for every step.</summary>
    internal void Attach(LlamaThreadpool threadpool)
    {
        LlamaNative.AttachThreadpool(this, threadpool.Pool, threadpool.Pool);
        _threadpool = threadpool;
    }

    /// <summary>Uses another context's worker threads; the two may not compute at once.</summary>
    internal void Share(LlamaContextHandle owner)
    {
        if (owner._threadpool is not { } threadpool) return;
        var added = false;
        owner.DangerousAddRef(ref added); // the threads must outlive this context
        _owner = owner;
        LlamaNative.AttachThreadpool(this, threadpool.Pool, threadpool.Pool);
    }

    protected override bool ReleaseHandle()
    {
        if (_threadpool is not null || _owner is not null) LlamaNative.DetachThreadpool(handle);
        LlamaNative.Free(handle);
        _threadpool?.Dispose();
        _owner?.DangerousRelease();
        _model?.DangerousRelease();
        return true;
    }
}

/// <summary>ggml's worker threads of one context.</summary>
/// <remarks>The functions live in the CPU backend that was chosen at run time, so they are asked for by name.</remarks>
internal sealed unsafe class LlamaThreadpool : IDisposable
{
    /// <summary>
    /// How long an idle worker spins before it sleeps; ggml's own default of 50 is a tenth of a second, which an editor on the
    /// same cores feels. 1 is some milliseconds: steps follow each other within microseconds.
    /// </summary>
    private const uint Poll = 1;

    private readonly delegate* unmanaged[Cdecl]<nint, void> _free;

    private LlamaThreadpool(nint pool, nint free)
    {
        Pool = pool;
        _free = (delegate* unmanaged[Cdecl]<nint, void>)free;
    }

    internal nint Pool { get; private set; }

    /// <summary>Null where the backend offers no pool; llama.cpp then makes its own threads.</summary>
    internal static LlamaThreadpool? TryCreate(int threads)
    {
        var backend = LlamaNative.BackendByName("CPU");
        if (backend == 0) return null;

        var create = LlamaNative.BackendProcAddress(backend, "ggml_threadpool_new");
        var free = LlamaNative.BackendProcAddress(backend, "ggml_threadpool_free");
        if (create == 0 || free == 0) return null;

        var parameters = new GgmlThreadpoolParams { Threads = threads, Poll = Poll };
        var pool = ((delegate* unmanaged[Cdecl]<GgmlThreadpoolParams*, nint>)create)(&parameters);
        return pool == 0 ? null : new LlamaThreadpool(pool, free);
    }

    public void Dispose()
    {
        if (Pool == 0) return;
        _free(Pool);
        Pool = 0;
    }
}
