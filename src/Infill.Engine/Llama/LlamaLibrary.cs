using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Infill.Engine.Llama;

/// <summary>The native library, loaded once for the process, and what was found when it was.</summary>
/// <param name="Directory">Folder that holds it.</param>
/// <param name="Version">As <c>llama_version()</c> says.</param>
/// <param name="CpuVariant">The CPU backend that ggml chose for this machine, such as <c>libggml-cpu-zen4.so</c>; empty where unknown.</param>
/// <remarks>
/// There is one llama.cpp in a process, the one beside the program; a GPU's backend is a library of its own that is added to
/// it. <c>libggml-base</c>, which both are linked to, is the same file in all packages of a release, and is found by its name
/// in the process.
/// </remarks>
public sealed record LlamaLibrary(string Directory, string Version, string CpuVariant)
{
    /// <summary>What was added; <see cref="GpuBackend.Cpu"/> for nothing.</summary>
    public GpuBackend Gpu { get; private init; }

    /// <summary>The GPUs that models may be put on; none without a backend.</summary>
    public IReadOnlyList<LlamaDevice> Devices { get; private init; } = [];

    /// <summary>The release whose struct layouts LlamaStructs.cs copies.</summary>
    public const string PinnedVersion = "0.5.0";

    /// <summary>Names the folder to load from instead of the one beside the program.</summary>
    public const string DirectoryVariable = "INFILL_LLAMA_DIR";

    private static readonly Lock Gate = new();
    private static LlamaLibrary? s_loaded;
    private static Dictionary<string, nint>? s_handles;
    private static GpuPlugin? s_plugin; // guarded by Gate

    /// <summary>Loads the library and picks the best CPU variant. Idempotent; any thread.</summary>
    /// <param name="logger">Receives everything the native code logs from now on; nothing native goes to stdout or stderr.</param>
    /// <exception cref="EngineException">No library there, not loadable, or not the pinned release.</exception>
    public static LlamaLibrary Load(ILogger logger)
    {
        lock (Gate)
        {
            LlamaLog.Logger = logger;
            return s_loaded ??= LoadFirst();
        }
    }

    /// <summary>Loads the library, unless it is, and adds a GPU's backend to it. While it is added no model may be loading in this process.</summary>
    /// <param name="logger">As above.</param>
    /// <param name="plugin">What to add.</param>
    /// <exception cref="EngineException">
    /// As above; or the backend can't be added, and the processor alone computes as before: its library doesn't load, finds no
    /// device, or another one was added before, as a process keeps the first.
    /// </exception>
    public static LlamaLibrary Load(ILogger logger, GpuPlugin plugin)
    {
        lock (Gate)
        {
            var library = Load(logger);
            if (s_plugin != plugin) library = s_loaded = Add(library, plugin);
            return library.Gpu != GpuBackend.Cpu ? library : throw new EngineException($"'{plugin.Path}' found no GPU. {LlamaLog.TakeError()}".TrimEnd());
        }
    }

    /// <summary>The folder that <see cref="Load(ILogger)"/> would load from.</summary>
    /// <exception cref="EngineException">There is none.</exception>
    public static string FindDirectory()
    {
        var asked = Environment.GetEnvironmentVariable(DirectoryVariable);
        if (!string.IsNullOrEmpty(asked))
        {
            return System.IO.Directory.Exists(asked)
                ? Path.GetFullPath(asked)
                : throw new EngineException($"{DirectoryVariable} names '{asked}', which is no folder; point it at llama.cpp's libraries or unset it.");
        }

        var beside = Path.Combine(AppContext.BaseDirectory, "llama");
        return System.IO.Directory.Exists(beside)
            ? beside
            : throw new EngineException($"llama.cpp's libraries are not in '{beside}'; build the project again or set {DirectoryVariable}.");
    }

    private static LlamaLibrary Add(LlamaLibrary library, GpuPlugin plugin)
    {
        if (library.Gpu != GpuBackend.Cpu) throw new EngineException($"'{plugin.Path}' can't be used: another GPU library is in use already, and a process keeps its first. Start again.");

        if (plugin.Backend is GpuBackend.Cuda or GpuBackend.Cuda12) CudaRuntime.LoadFor(plugin.Backend == GpuBackend.Cuda ? 13 : 12, Path.GetDirectoryName(plugin.Path)!);
        LlamaLog.TakeError();
        if (LlamaNative.BackendLoad(plugin.Path) == 0)
        {
            var error = LlamaLog.TakeError();
            throw new EngineException($"'{plugin.Path}' could not be loaded: {(error.Length > 0 ? error : "llama.cpp gives no reason.")}");
        }

        s_plugin = plugin; // it stays, whatever it finds
        var devices = LlamaDevice.All();
        return library with { Gpu = devices.Count > 0 ? plugin.Backend : GpuBackend.Cpu, Devices = devices };
    }

    private static LlamaLibrary LoadFirst()
    {
        var directory = FindDirectory();
        Open(directory);
        LlamaLog.Install();
        var version = VerifyLayout(directory);
        LlamaNative.BackendLoadAll(directory);
        if (LlamaNative.DeviceCount() == 0)
        {
            throw new EngineException($"llama.cpp found no device to compute on: '{directory}' holds no CPU backend that runs on this machine.");
        }

        LlamaCpuBackend.Watch();
        var devices = LlamaDevice.All(); // a folder that the user named may have a GPU's backend
        return new LlamaLibrary(directory, version, FindCpuVariant()) { Gpu = devices.Count > 0 ? devices[0].Backend : GpuBackend.Cpu, Devices = devices };
    }

    private static void Open(string directory)
    {
        if (s_handles is not null) return;

        var handles = new Dictionary<string, nint>(StringComparer.Ordinal);

        // libllama names its neighbours by RUNPATH $ORIGIN, so the order matters on systems without that.
        foreach (var name in (ReadOnlySpan<string>)["ggml-base", "ggml", "llama"])
        {
            var path = FindFile(directory, name);
            try
            {
                handles[name] = NativeLibrary.Load(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new EngineException($"'{path}' could not be loaded: {e.Message}", e);
            }
        }

        s_handles = handles;
        NativeLibrary.SetDllImportResolver(typeof(LlamaLibrary).Assembly, static (name, _, _) =>
            s_handles!.TryGetValue(name, out var handle) ? handle : 0);
    }

    private static string FindFile(string directory, string name)
    {
        // libllama.v0.5.0.so, libllama.cuda.v0.5.0.so, libggml-base.so, llama.v0.5.0.dll: the stem is followed by a dot.
        foreach (var path in System.IO.Directory.EnumerateFiles(directory))
        {
            var file = Path.GetFileName(path.AsSpan());
            if (file.StartsWith("lib", StringComparison.Ordinal)) file = file[3..];
            if (file.StartsWith(name, StringComparison.Ordinal) && file.Length > name.Length && file[name.Length] == '.' &&
                (file.EndsWith(".so", StringComparison.Ordinal) || file.EndsWith(".dylib", StringComparison.Ordinal) || file.EndsWith(".dll", StringComparison.Ordinal)))
            {
                return path;
            }
        }

        throw new EngineException($"llama.cpp's library '{name}' is not in '{directory}'; build the project again or set {DirectoryVariable}.");
    }

    /// <summary>Structs go by value: a release with another layout would read garbage, so its own defaults must come back as we know them.</summary>
    private static unsafe string VerifyLayout(string directory)
    {
        string version;
        try
        {
            version = Marshal.PtrToStringUTF8((nint)LlamaNative.Version()) ?? "";
        }
        catch (EntryPointNotFoundException e)
        {
            throw new EngineException($"'{directory}' holds a llama.cpp that does not tell its version; Infill needs v{PinnedVersion}.", e);
        }

        var model = LlamaNative.ModelDefaultParams();
        var context = LlamaNative.ContextDefaultParams();
        var known =
            model is { GpuLayers: -1, SplitMode: 1, LoadMode: -1, LazyMode: 1, MainGpu: 0, VocabularyOnly: 0, UseExtraBuffers: 1, LoadMtp: 0 } &&
            model.ProgressCallback == null && model.KvOverrides == null &&
            context is
            {
                ContextTokens: 512, BatchTokens: 2048, UbatchTokens: 512, MaxSequences: 1, Threads: 4, FlashAttentionType: -1,
                YarnOriginalContext: 0, DefragThreshold: -1, TypeK: 1, TypeV: 1, OffloadKqv: 1, NoPerf: 1, OpOffload: 1, SwaFull: 1, KvUnified: 0,
                SamplerCount: 0,
            } &&
            context.AbortCallback == null && context.ContextOther == null;

        if (!known || !version.StartsWith(PinnedVersion, StringComparison.Ordinal))
        {
            throw new EngineException(
                $"'{directory}' holds llama.cpp {version}, whose parameters are not laid out as in v{PinnedVersion}; use the libraries that Infill was built with.");
        }

        return version;
    }

    private static string FindCpuVariant()
    {
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            if (module.ModuleName.Contains("ggml-cpu", StringComparison.Ordinal)) return module.ModuleName;
        }

        return "";
    }
}
