using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Infill.Engine.Llama;

/// <summary>A GGUF file's weights, which may be released and loaded again, and its vocabulary, which is constant: any thread may ask it.</summary>
/// <remarks>Once disposed, what still asks gets <see cref="ObjectDisposedException"/>; calls that run hold the weights until they return.</remarks>
public sealed class LlamaModel : IModel, IVocabulary
{
    private readonly byte[][] _pieces;
    private readonly bool[] _ends;
    private volatile LlamaModelHandle _handle; // exchanged by the engine thread when weights go and come
    private bool _hasWeights = true;           // engine thread

    private LlamaModel(LlamaModelHandle handle, string path)
    {
        _handle = handle;
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
        CellBytes = MeasureCell(handle);
        Description = Describe(handle);
        _pieces = new byte[Size][]; // filled as tokens come up: a vocabulary can have 200,000 of them
        _ends = new bool[Size];
        for (var token = 0; token < Size; token++)
        {
            _ends[token] = LlamaNative.VocabIsEndOfGeneration(vocabulary, token) != 0;
        }
    }

    public IVocabulary Vocabulary => this;

    public string Path { get; }

    public string ModelName { get; }

    public int Size { get; }

    /// <summary>Longest text, in tokens, that the model was trained on.</summary>
    public int TrainedContext { get; }

    public FimTokens Fim { get; }

    public int? BeginningOfText { get; }

    /// <summary>Size of the weights in bytes.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of one cell of the KV cache: half-precision keys and values of one token, over all layers.</summary>
    public long CellBytes { get; }

    /// <summary>Such as <c>qwen3 52M Q8_0</c>.</summary>
    public string Description { get; }

    public string Identity => string.Create(CultureInfo.InvariantCulture, $"{Description}, {WeightBytes} bytes, llama.cpp {LlamaLibrary.PinnedVersion}");

    internal LlamaModelHandle Handle => _handle;

    /// <summary>Loads weights from a GGUF file.</summary>
    /// <param name="path">A file; checked before the native code sees it, so that each mistake gets its own sentence.</param>
    /// <param name="progress">Told the share that is loaded, 0 to 1, on the calling thread; may be null.</param>
    /// <exception cref="EngineException">Missing, unreadable, not a GGUF, truncated, or of an architecture that llama.cpp can't run.</exception>
    public static LlamaModel Load(string path, IProgress<float>? progress = null)
    {
        var handle = Open(path, progress);
        if (LlamaNative.ModelHasEncoder(handle) != 0)
        {
            handle.Dispose();
            throw new EngineException($"'{path}' is an encoder model; Infill needs one that generates text.");
        }

        return new LlamaModel(handle, path);
    }

    public IModelRunner CreateRunner(EngineOptions options)
    {
        if (!_hasWeights) Exchange(Open(Path), hasWeights: true);
        return new LlamaModelRunner(this, options);
    }

    public void ReleaseWeights()
    {
        if (_hasWeights) Exchange(Open(Path, isVocabularyOnly: true), hasWeights: false);
    }

    public bool IsEndOfGeneration(int token) => _ends[token];

    /// <remarks>parse_special is off: a document that spells a FIM marker stays text.</remarks>
    public void Tokenize(ReadOnlySpan<char> text, List<int> tokens) => Tokenize(text, tokens, parseSpecial: 0);

    public void TokenizeMarked(ReadOnlySpan<char> text, List<int> tokens) => Tokenize(text, tokens, parseSpecial: 1);

    public ReadOnlySpan<byte> Piece(int token) => _pieces[token] ??= ReadPiece(token); // two threads may both read it: same bytes

    /// <summary>A metadata value as text; empty where the file has none.</summary>
    public unsafe string Metadata(string key)
    {
        var buffer = stackalloc byte[1024];
        var length = LlamaNative.ModelMetadata(_handle, key, buffer, 1024);
        return length <= 0 ? "" : Encoding.UTF8.GetString(buffer, Math.Min(length, 1023));
    }

    /// <summary>How a token is spelled in the vocabulary, special ones included: for people to read.</summary>
    public unsafe string Spelling(int token)
    {
        // llama.cpp ends the process over a token that it doesn't have.
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Size);
        using var hold = new VocabularyHold(this);
        return Marshal.PtrToStringUTF8((nint)LlamaNative.VocabText(hold.Vocabulary, token)) ?? "";
    }

    public void Dispose() => _handle.Dispose();

    private static LlamaModelHandle Open(string path, IProgress<float>? progress = null, bool isVocabularyOnly = false)
    {
        GgufFile.Check(path);
        LlamaLog.TakeError();
        var handle = LoadNative(path, progress, isVocabularyOnly);
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

    private unsafe void Tokenize(ReadOnlySpan<char> text, List<int> tokens, byte parseSpecial)
    {
        if (text.IsEmpty) return;
        var bytes = System.Buffers.ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var ids = System.Buffers.ArrayPool<int>.Shared.Rent(text.Length + 8);
        try
        {
            var length = Encoding.UTF8.GetBytes(text, bytes);
            int count;
            fixed (byte* textPointer = bytes)
            {
                count = TokenizeInto(textPointer, length, ids, parseSpecial);
                if (count < 0) // more tokens than characters: that many are needed
                {
                    System.Buffers.ArrayPool<int>.Shared.Return(ids);
                    ids = System.Buffers.ArrayPool<int>.Shared.Rent(-count);
                    count = TokenizeInto(textPointer, length, ids, parseSpecial);
                }
            }

            if (count < 0) throw new EngineException("llama.cpp could not tokenize a text; it may be too long.");
            tokens.AddRange(ids.AsSpan(0, count));
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(bytes);
            System.Buffers.ArrayPool<int>.Shared.Return(ids);
        }
    }

    private unsafe int TokenizeInto(byte* text, int length, int[] ids, byte parseSpecial)
    {
        using var hold = new VocabularyHold(this);
        fixed (int* idsPointer = ids)
        {
            return LlamaNative.Tokenize(hold.Vocabulary, text, length, idsPointer, ids.Length, addSpecial: 0, parseSpecial);
        }
    }

    private unsafe byte[] ReadPiece(int token)
    {
        using var hold = new VocabularyHold(this);
        var buffer = stackalloc byte[256];
        var length = LlamaNative.TokenToPiece(hold.Vocabulary, token, buffer, 256, leftStrip: 0, special: 0);
        if (length >= 0) return new ReadOnlySpan<byte>(buffer, length).ToArray();

        var larger = new byte[-length];
        fixed (byte* pointer = larger)
        {
            length = LlamaNative.TokenToPiece(hold.Vocabulary, token, pointer, larger.Length, leftStrip: 0, special: 0);
        }

        return larger.AsSpan(0, Math.Max(length, 0)).ToArray();
    }

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

    private static unsafe LlamaModelHandle LoadNative(string path, IProgress<float>? progress, bool isVocabularyOnly)
    {
        var parameters = LlamaNative.ModelDefaultParams();
        parameters.GpuLayers = 0;
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

    /// <summary>Keeps the file's native object, whose vocabulary is read through a bare pointer, from being freed meanwhile by another thread.</summary>
    private readonly ref struct VocabularyHold
    {
        private readonly LlamaModelHandle _handle;

        /// <exception cref="ObjectDisposedException">The model is freed already.</exception>
        public VocabularyHold(LlamaModel model)
        {
            var held = false;
            do
            {
                _handle = model._handle;
                try
                {
                    _handle.DangerousAddRef(ref held);
                }
                catch (ObjectDisposedException) when (_handle != model._handle)
                {
                    // Exchanged between the two lines: the new one is asked.
                }
            }
            while (!held);

            Vocabulary = LlamaNative.ModelGetVocab(_handle);
        }

        public nint Vocabulary { get; }

        public void Dispose() => _handle.DangerousRelease();
    }
}
