using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Infill.Engine.Llama;

/// <summary>Loaded weights and their vocabulary. The vocabulary is constant: any thread may ask it.</summary>
/// <remarks>Once disposed, what still asks gets <see cref="ObjectDisposedException"/>; calls that run hold the weights until they return.</remarks>
public sealed class LlamaModel : IModel, IVocabulary
{
    private readonly nint _vocabulary;
    private readonly byte[][] _pieces;
    private readonly bool[] _ends;

    private LlamaModel(LlamaModelHandle handle, string path)
    {
        Handle = handle;
        Path = path;
        _vocabulary = LlamaNative.ModelGetVocab(handle);
        Size = LlamaNative.VocabSize(_vocabulary);
        TrainedContext = LlamaNative.ModelTrainedContext(handle);
        ModelName = Metadata("general.name");
        Fim = new FimTokens(
            Known(LlamaNative.VocabFimPrefix(_vocabulary)),
            Known(LlamaNative.VocabFimSuffix(_vocabulary)),
            Known(LlamaNative.VocabFimMiddle(_vocabulary)),
            Known(LlamaNative.VocabFimRepository(_vocabulary)),
            Known(LlamaNative.VocabFimSeparator(_vocabulary)));
        BeginningOfText = LlamaNative.VocabAddsBos(_vocabulary) != 0 ? Known(LlamaNative.VocabBos(_vocabulary)) : null;
        _pieces = new byte[Size][]; // filled as tokens come up: a vocabulary can have 200,000 of them
        _ends = new bool[Size];
        for (var token = 0; token < Size; token++)
        {
            _ends[token] = LlamaNative.VocabIsEndOfGeneration(_vocabulary, token) != 0;
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
    public long WeightBytes => (long)LlamaNative.ModelSize(Handle);

    /// <summary>Bytes of one cell of the KV cache: half-precision keys and values of one token, over all layers.</summary>
    /// <remarks>As the first layer has it; the layers of some models differ, and then it is an estimate.</remarks>
    public long CellBytes
    {
        get
        {
            var architecture = Metadata("general.architecture");
            var head = LlamaNative.ModelEmbedding(Handle) / Math.Max(LlamaNative.ModelHeads(Handle), 1);
            var perHead = HeadSize("key_length") + HeadSize("value_length");
            return 2L * perHead * LlamaNative.ModelKeyValueHeads(Handle) * LlamaNative.ModelLayers(Handle);

            int HeadSize(string name) =>
                int.TryParse(Metadata($"{architecture}.attention.{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var own) ? own : head;
        }
    }

    /// <summary>Such as <c>qwen3 52M Q8_0</c>.</summary>
    public unsafe string Description
    {
        get
        {
            var buffer = stackalloc byte[256];
            var length = LlamaNative.ModelDescription(Handle, buffer, 256);
            return length <= 0 ? "" : Encoding.UTF8.GetString(buffer, Math.Min(length, 255));
        }
    }

    internal LlamaModelHandle Handle { get; }

    /// <summary>Loads weights from a GGUF file.</summary>
    /// <param name="path">A file; checked before the native code sees it, so that each mistake gets its own sentence.</param>
    /// <param name="progress">Told the share that is loaded, 0 to 1, on the calling thread; may be null.</param>
    /// <exception cref="EngineException">Missing, unreadable, not a GGUF, truncated, or of an architecture that llama.cpp can't run.</exception>
    public static LlamaModel Load(string path, IProgress<float>? progress = null)
    {
        GgufFile.Check(path);
        LlamaLog.TakeError();
        var handle = LoadNative(path, progress);
        if (handle.IsInvalid)
        {
            handle.Dispose();
            throw new EngineException($"llama.cpp could not load '{path}': {Reason(LlamaLog.TakeError())}");
        }

        if (LlamaNative.ModelHasEncoder(handle) != 0)
        {
            handle.Dispose();
            throw new EngineException($"'{path}' is an encoder model; Infill needs one that generates text.");
        }

        return new LlamaModel(handle, path);
    }

    public IModelRunner CreateRunner(EngineOptions options) => new LlamaModelRunner(this, options);

    public bool IsEndOfGeneration(int token) => _ends[token];

    public unsafe void Tokenize(ReadOnlySpan<char> text, List<int> tokens)
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
                count = TokenizeInto(textPointer, length, ids);
                if (count < 0) // more tokens than characters: that many are needed
                {
                    System.Buffers.ArrayPool<int>.Shared.Return(ids);
                    ids = System.Buffers.ArrayPool<int>.Shared.Rent(-count);
                    count = TokenizeInto(textPointer, length, ids);
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

    public ReadOnlySpan<byte> Piece(int token) => _pieces[token] ??= ReadPiece(token); // two threads may both read it: same bytes

    /// <summary>A metadata value as text; empty where the file has none.</summary>
    public unsafe string Metadata(string key)
    {
        var buffer = stackalloc byte[1024];
        var length = LlamaNative.ModelMetadata(Handle, key, buffer, 1024);
        return length <= 0 ? "" : Encoding.UTF8.GetString(buffer, Math.Min(length, 1023));
    }

    /// <summary>How a token is spelled in the vocabulary, special ones included: for people to read.</summary>
    public unsafe string Spelling(int token)
    {
        // llama.cpp ends the process over a token that it doesn't have.
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Size);
        using var hold = new WeightsHold(Handle);
        return Marshal.PtrToStringUTF8((nint)LlamaNative.VocabText(_vocabulary, token)) ?? "";
    }

    public void Dispose() => Handle.Dispose();

    private static int? Known(int token) => token < 0 ? null : token;

    private unsafe int TokenizeInto(byte* text, int length, int[] ids)
    {
        using var hold = new WeightsHold(Handle);
        fixed (int* idsPointer = ids)
        {
            // parse_special is off: a document that spells a FIM marker stays text.
            return LlamaNative.Tokenize(_vocabulary, text, length, idsPointer, ids.Length, addSpecial: 0, parseSpecial: 0);
        }
    }

    private unsafe byte[] ReadPiece(int token)
    {
        using var hold = new WeightsHold(Handle);
        var buffer = stackalloc byte[256];
        var length = LlamaNative.TokenToPiece(_vocabulary, token, buffer, 256, leftStrip: 0, special: 0);
        if (length >= 0) return new ReadOnlySpan<byte>(buffer, length).ToArray();

        var larger = new byte[-length];
        fixed (byte* pointer = larger)
        {
            length = LlamaNative.TokenToPiece(_vocabulary, token, pointer, larger.Length, leftStrip: 0, special: 0);
        }

        return larger.AsSpan(0, Math.Max(length, 0)).ToArray();
    }

    private static unsafe LlamaModelHandle LoadNative(string path, IProgress<float>? progress)
    {
        var parameters = LlamaNative.ModelDefaultParams();
        parameters.GpuLayers = 0;
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

    /// <summary>Keeps the weights, whose vocabulary is read through a bare pointer, from being freed meanwhile by another thread.</summary>
    private readonly ref struct WeightsHold
    {
        private readonly LlamaModelHandle _handle;

        /// <exception cref="ObjectDisposedException">They are freed already.</exception>
        public WeightsHold(LlamaModelHandle handle)
        {
            var held = false;
            handle.DangerousAddRef(ref held);
            _handle = handle;
        }

        public void Dispose() => _handle.DangerousRelease();
    }
}
