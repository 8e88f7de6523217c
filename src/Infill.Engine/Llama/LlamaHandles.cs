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

    /// <summary>Its worker threads sleep until it computes again. Owned by the context's thread.</summary>
    internal void Rest() => _threadpool?.Rest();

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
internal sealed unsafe partial class LlamaThreadpool : IDisposable
{
    /// <summary>
    /// How long an idle worker spins before it sleeps; ggml's own default of 50 is a tenth of a second, which an editor on the
    /// same cores feels. 1 is some milliseconds: steps follow each other within microseconds.
    /// </summary>
    private const uint Poll = 1;

    private readonly delegate* unmanaged[Cdecl]<nint, void> _free;
    private readonly delegate* unmanaged[Cdecl]<nint, void> _pause; // null where it can't be had

    private LlamaThreadpool(nint pool, nint free)
    {
        Pool = pool;
        _free = (delegate* unmanaged[Cdecl]<nint, void>)free;
        _pause = (delegate* unmanaged[Cdecl]<nint, void>)FindBeside(free, "ggml_threadpool_pause");
    }

    internal bool CanRest => _pause != null;

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

    /// <summary>
    /// Workers that spin sleep at once, until the next graph wakes them. Not while one is computed. Where all cores were computing, whoever is
    /// woken by the last text may stand behind a worker's spinning, for 3 ms.
    /// </summary>
    internal void Rest()
    {
        if (_pause != null) _pause(Pool);
    }

    public void Dispose()
    {
        if (Pool == 0) return;
        _free(Pool);
        Pool = 0;
    }

    /// <summary>A function of the library that holds another one, which doesn't give it out by name.</summary>
    /// <returns>Its address; 0 where this system can't tell.</returns>
    private static nint FindBeside(nint function, string name)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        try
        {
            if (AddressInfo(function, out var info) == 0 || Marshal.PtrToStringUTF8(info.Path) is not { } path) return 0;
            return NativeLibrary.TryLoad(path, out var library) && NativeLibrary.TryGetExport(library, name, out var address) ? address : 0; // kept: it is loaded already, for good
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0; // a libc that has it elsewhere
        }
    }

    [LibraryImport("libc", EntryPoint = "dladdr")]
    private static partial int AddressInfo(nint address, out FunctionInfo info);

    /// <summary><c>Dl_info</c>.</summary>
    private readonly record struct FunctionInfo(nint Path, nint LibraryBase, nint Name, nint Function);
}
