using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Infill.Engine.Llama;

/// <summary>A GGUF file's weights, which may be released and loaded again, and its vocabulary, which is constant: any thread may ask it.</summary>
/// <remarks>Once disposed, what still asks gets <see cref="ObjectDisposedException"/>; calls that run hold the weights until they return.</remarks>
public sealed partial class LlamaModel : IModel, IVocabulary
{
    private string? _fingerprint;
    private readonly GpuOffload? _gpu;
    private volatile LlamaModelHandle _handle; // exchanged by the engine thread when weights go and come
    private bool _hasWeights;                  // engine thread

    private LlamaModel(LlamaModelHandle handle, string path, bool hasWeights, GpuOffload? gpu = null, OffloadPlan offload = default)
    {
        _handle = handle;
        _hasWeights = hasWeights;
        _gpu = gpu;
        Offload = offload;
        Path = path;
        var vocabulary = LlamaNative.ModelGetVocab(handle);
        Size = LlamaNative.VocabSize(vocabulary);
        WeightBytes = (long)LlamaNative.ModelSize(handle);
        TrainedContext = LlamaNative.ModelTrainedContext(handle);
        ModelName = Metadata("general.name");
        Fim = new FimTokens(
            Known(LlamaNative.VocabFimPrefix(vocabulary)),
            Known(LlamaNative.VocabFimSuffix(vocabulary)),
            Known(LlamaNative.VocabFimMiddle(vocabulary)),
            Known(LlamaNative.VocabFimRepository(vocabulary)),
            Known(LlamaNative.VocabFimSeparator(vocabulary)));
        BeginningOfText = LlamaNative.VocabAddsBos(vocabulary) != 0 ? Known(LlamaNative.VocabBos(vocabulary)) : null;
        CellBytes = hasWeights ? MeasureCell(handle) : 0; // llama.cpp ends the process over layers that a bare vocabulary lacks
        HasPlainCache = LlamaNative.ModelSlidingWindow(handle) == 0 && LlamaNative.ModelIsRecurrent(handle) == 0 && LlamaNative.ModelIsHybrid(handle) == 0;
        Description = Describe(handle);
        _pieces = new byte[Size][]; // filled as tokens come up: a vocabulary can have 200,000 of them
        _ends = new bool[Size];
        _markers = FindMarkers(vocabulary);
        _blankTokens = CountBlankTokens();
    }

    public IVocabulary Vocabulary => this;

    public string Path { get; }

    public string ModelName { get; }

    public string Fingerprint => _fingerprint ??= GgufFile.Fingerprint(Path); // two threads may both read it: same text

    public int Size { get; }

    /// <summary>Longest text, in tokens, that the model was trained on.</summary>
    public int TrainedContext { get; }

    public FimTokens Fim { get; }

    public int? BeginningOfText { get; }

    /// <summary>Size of the weights in bytes.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of one cell of the KV cache: half-precision keys and values of one token, over all layers.</summary>
    public long CellBytes { get; }

    /// <summary>Whether what it remembers of a text is a cell for each token and layer: no sliding windows, nothing recurrent.</summary>
    internal bool HasPlainCache { get; }

    /// <summary>Such as <c>qwen3 52M Q8_0</c>.</summary>
    public string Description { get; }

    public string Identity => string.Create(
        CultureInfo.InvariantCulture,
        $"{Description}, {WeightBytes} bytes, llama.cpp {LlamaLibrary.PinnedVersion}{(Offload.Layers > 0 ? $", {Offload} {_gpu!.Devices[0].Description}" : "")}");

    /// <summary>Where the weights are, in words: <c>on the processor</c>, <c>on the GPU</c> or how many layers of it.</summary>
    public string Placement => Offload.ToString();

    /// <summary>How much of it is on the GPU. Engine thread.</summary>
    internal OffloadPlan Offload { get; private set; }

    internal LlamaModelHandle Handle => _handle;

    /// <summary>Loads weights from a GGUF file.</summary>
    /// <param name="path">A file; checked before the native code sees it, so that each mistake gets its own sentence.</param>
    /// <param name="progress">Told the share that is loaded, 0 to 1, on the calling thread; may be null.</param>
    /// <param name="gpu">Where as many layers go as fit; null for the processor alone.</param>
    /// <exception cref="EngineException">Missing, unreadable, not a GGUF, truncated, or of an architecture that llama.cpp can't run.</exception>
    public static LlamaModel Load(string path, IProgress<float>? progress = null, GpuOffload? gpu = null)
    {
        gpu = gpu?.Settled();
        var offload = gpu is null ? OffloadPlan.Processor : FirstPlan(path, gpu);
        var handle = OpenFitting(path, progress, gpu, ref offload);
        if (LlamaNative.ModelHasEncoder(handle) != 0)
        {
            handle.Dispose();
            throw new EngineException($"'{path}' is an encoder model; Infill needs one that generates text.");
        }

        return new LlamaModel(handle, path, hasWeights: true, gpu, offload);
    }

    /// <summary>Loads the vocabulary alone, as files have it that hold nothing else. No context can be made of those.</summary>
    /// <exception cref="EngineException">As <see cref="Load"/>.</exception>
    internal static LlamaModel LoadVocabulary(string path) => new(Open(path, isVocabularyOnly: true), path, hasWeights: false);

    /// <remarks>Where the GPU has no room for the cache beside the weights, some of these move to the processor.</remarks>
    public IModelRunner CreateRunner(EngineOptions options)
    {
        while (true)
        {
            if (!_hasWeights)
            {
                var offload = Offload;
                Exchange(OpenFitting(Path, progress: null, _gpu, ref offload), hasWeights: true);
                Offload = offload;
            }

            try
            {
                return new LlamaModelRunner(this, options);
            }
            catch (EngineException) when (Offload.Layers > 0)
            {
                Shrink();
            }
        }
    }

    /// <summary>The GPU's memory didn't suffice: the next context has fewer layers there. Engine thread, while no context lives.</summary>
    internal void Shrink()
    {
        if (Offload.Layers == 0) return;
        Offload = Offload.Smaller();
        ReleaseWeights();
    }

    /// <summary>Bytes that are free for a cache on the GPUs that the model is on. Asks the driver.</summary>
    internal long ReadFreeGpuBytes() => _gpu!.ReadFreeBytes();

    public void ReleaseWeights()
    {
        if (_hasWeights) Exchange(Open(Path, isVocabularyOnly: true), hasWeights: false);
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>By what the file says of itself; loading is what tells for sure.</summary>
    private static OffloadPlan FirstPlan(string path, GpuOffload gpu)
    {
        using var vocabulary = Open(path, isVocabularyOnly: true);
        var architecture = Metadata(vocabulary, "general.architecture");
        return int.TryParse(Metadata(vocabulary, $"{architecture}.block_count"), NumberStyles.None, CultureInfo.InvariantCulture, out var blocks)
            ? OffloadPlan.First(blocks + 1, gpu.Layers, new FileInfo(path).Length, gpu.ReadFreeBytes())
            : OffloadPlan.Processor;
    }

    private static LlamaModelHandle OpenFitting(string path, IProgress<float>? progress, GpuOffload? gpu, ref OffloadPlan offload)
    {
        while (true)
        {
            try
            {
                return Open(path, progress, gpu: gpu, offload: offload);
            }
            catch (EngineException) when (offload.Layers > 0)
            {
                offload = offload.Smaller(); // a file that is broken fails on the processor too, and says why there
            }
        }
    }

    private static LlamaModelHandle Open(string path, IProgress<float>? progress = null, bool isVocabularyOnly = false, GpuOffload? gpu = null, OffloadPlan offload = default)
    {
        GgufFile.Check(path);
        LlamaLog.TakeError();
        var handle = LoadNative(path, progress, isVocabularyOnly, offload.Layers > 0 ? gpu!.Devices : [], offload);
        if (!handle.IsInvalid) return handle;
        handle.Dispose();
        throw new EngineException($"llama.cpp could not load '{path}': {Reason(LlamaLog.TakeError())}");
    }

    /// <summary>Calls that run in the one before hold it until they return.</summary>
    private void Exchange(LlamaModelHandle opened, bool hasWeights)
    {
        if (LlamaNative.VocabSize(LlamaNative.ModelGetVocab(opened)) != Size)
        {
            opened.Dispose();
            throw new EngineException($"'{Path}' has become another model since it was loaded; start Infill again to use it.");
        }

        var before = _handle;
        _handle = opened;
        _hasWeights = hasWeights;
        before.Dispose();
    }

    private static int? Known(int token) => token < 0 ? null : token;

    /// <remarks>As the first layer has it; the layers of some models differ, and then it is an estimate.</remarks>
    private long MeasureCell(LlamaModelHandle handle)
    {
        var architecture = Metadata("general.architecture");
        var head = LlamaNative.ModelEmbedding(handle) / Math.Max(LlamaNative.ModelHeads(handle), 1);
        var perHead = HeadSize("key_length") + HeadSize("value_length");
        return 2L * perHead * LlamaNative.ModelKeyValueHeads(handle) * LlamaNative.ModelLayers(handle);

        int HeadSize(string name) =>
            int.TryParse(Metadata($"{architecture}.attention.{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var own) ? own : head;
    }

    private static unsafe string Describe(LlamaModelHandle handle)
    {
        var buffer = stackalloc byte[256];
        var length = LlamaNative.ModelDescription(handle, buffer, 256);
        return length <= 0 ? "" : Encoding.UTF8.GetString(buffer, Math.Min(length, 255));
    }

    private static unsafe LlamaModelHandle LoadNative(string path, IProgress<float>? progress, bool isVocabularyOnly, IReadOnlyList<LlamaDevice> devices, OffloadPlan offload)
    {
        var parameters = LlamaNative.ModelDefaultParams();
        var handles = stackalloc nint[devices.Count + 1]; // ends with a null; alone it keeps llama.cpp off every GPU
        for (var i = 0; i < devices.Count; i++) handles[i] = devices[i].Handle;
        handles[devices.Count] = 0;
        parameters.Devices = handles;
        parameters.GpuLayers = offload.Layers;
        parameters.VocabularyOnly = isVocabularyOnly ? (byte)1 : (byte)0;
        if (progress is null) return LlamaNative.ModelLoadFromFile(path, parameters);

        var relay = new ProgressRelay(progress);
        var handle = GCHandle.Alloc(relay);
        try
        {
            parameters.ProgressCallback = &OnProgress;
            parameters.ProgressCallbackUserData = (void*)GCHandle.ToIntPtr(handle);
            var model = LlamaNative.ModelLoadFromFile(path, parameters);
            if (relay.Failure is null) return model;

            model.Dispose();
            relay.Failure.Throw();
            return model;
        }
        finally
        {
            handle.Free();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static unsafe byte OnProgress(float share, void* userData) =>
        ((ProgressRelay)GCHandle.FromIntPtr((nint)userData).Target!).TryReport(share) ? (byte)1 : (byte)0;

    private static string Reason(string nativeError)
    {
        // 'llama_model_load: error loading model: unknown model architecture' reads better from its end,
        // 'gguf_init_from_reader: failed to read key-value pairs' without the function's name.
        const string Loading = ": error loading model: ";
        var at = nativeError.LastIndexOf(Loading, StringComparison.Ordinal);
        if (at >= 0) return nativeError[(at + Loading.Length)..];

        var function = nativeError.IndexOf(": ", StringComparison.Ordinal);
        if (function > 0 && !nativeError.AsSpan(0, function).Contains(' ')) return nativeError[(function + 2)..];
        return nativeError.Length > 0 ? nativeError : "no reason was given; the log may say more.";
    }

    /// <summary>Carries an exception of the listener around the native frames, which it must not cross.</summary>
    private sealed class ProgressRelay(IProgress<float> progress)
    {
        public ExceptionDispatchInfo? Failure { get; private set; }

        /// <returns>False where the load must end.</returns>
        public bool TryReport(float share)
        {
            try
            {
                progress.Report(share);
                return true;
            }
            catch (Exception e) // thrown again when the native call has returned
            {
                Failure = ExceptionDispatchInfo.Capture(e);
                return false;
            }
        }
    }
}
