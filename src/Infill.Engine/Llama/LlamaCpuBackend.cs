using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Infill.Engine.Llama;

/// <summary>The processor's backend of one context, and the switch by which it goes over the cache of a single token as it does for several.</summary>
/// <remarks>
/// For a batch of one token llama.cpp divides a cache of 512 cells and more between the threads, and the parts are added up in half
/// precision; for 2 to 63 tokens it divides the heads. So the scores of a token depended on what it was computed beside: the one of
/// 16,384 that moved most moved by 0.2 in the mean of 8 tokens, by 0.8 at most. All its other kernels give a row the same bits in any
/// batch (measured on a Zen 4, in batches of 1 to 32), and the reference implementation of attention doesn't divide: with it nothing
/// moves, a token takes 5 % less time after 300 others and 6 % more after 1,400. The switch is the backend's, which a context makes for
/// itself and shows nobody. So the device is given another function to make backends with, which remembers what the first one made.
/// </remarks>
internal sealed unsafe class LlamaCpuBackend
{
    /// <summary><c>GGML_BACKEND_API_VERSION</c>, for which <see cref="MakeBackendSlot"/> holds.</summary>
    private const int ApiVersion = 2;

    /// <summary>Where <c>init_backend</c> stands in <c>ggml_backend_device_i</c>, with which a device begins.</summary>
    private const int MakeBackendSlot = 5;

    private static delegate* unmanaged[Cdecl]<nint, byte*, nint> s_makeBackend;
    private static delegate* unmanaged[Cdecl]<nint, byte, void> s_useReference;

    [ThreadStatic]
    private static nint t_made; // by this thread's last context

    private readonly nint _backend;
    private bool _isReference;

    private LlamaCpuBackend(nint backend) => _backend = backend;

    /// <summary>Once for the process, before any context is made. Where the library has no such switch, nothing happens.</summary>
    public static void Watch()
    {
        for (nuint i = 0; i < LlamaNative.DeviceCount(); i++)
        {
            var device = LlamaNative.Device(i);
            if (LlamaNative.DeviceType(device) != GgmlDeviceType.Cpu) continue;
            var backend = LlamaNative.DeviceBackend(device);
            var useReference = LlamaNative.BackendProcAddress(backend, "ggml_backend_cpu_set_use_ref");
            if (*(int*)backend != ApiVersion || useReference == 0 || s_makeBackend != null) return;
            s_useReference = (delegate* unmanaged[Cdecl]<nint, byte, void>)useReference;
            var functions = (nint*)device;
            s_makeBackend = (delegate* unmanaged[Cdecl]<nint, byte*, nint>)functions[MakeBackendSlot];
            functions[MakeBackendSlot] = (nint)(delegate* unmanaged[Cdecl]<nint, byte*, nint>)&OnMake;
            return;
        }
    }

    /// <summary>Makes a context.</summary>
    /// <param name="make">Does it, on this thread.</param>
    /// <param name="backend">The processor's part of it; null where the library lets nobody have it.</param>
    public static LlamaContextHandle Make(Func<LlamaContextHandle> make, out LlamaCpuBackend? backend)
    {
        t_made = 0;
        var context = make();
        backend = t_made == 0 ? null : new LlamaCpuBackend(t_made);
        return context;
    }

    /// <summary>From the next step on. Owned by the context's thread.</summary>
    public void UseReference(bool isReference)
    {
        if (isReference == _isReference) return;
        _isReference = isReference;
        s_useReference(_backend, isReference ? (byte)1 : (byte)0);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint OnMake(nint device, byte* parameters) => t_made = s_makeBackend(device, parameters);
}
