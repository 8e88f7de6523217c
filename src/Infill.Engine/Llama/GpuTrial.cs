using System.Diagnostics;
using System.Numerics.Tensors;
using System.Text;
using Infill.Engine.Sampling;

namespace Infill.Engine.Llama;

/// <summary>What a suggestion's work took, prompt and tokens, on each.</summary>
/// <param name="Device">On the GPUs.</param>
/// <param name="Processor">On the CPU.</param>
public readonly record struct GpuTrialTimes(TimeSpan Device, TimeSpan Processor);

/// <summary>
/// Has a model's first words computed on the GPUs, and the CPU judge them. Meant for a process that may be lost: on a GPU's
/// error ggml ends it. One thread.
/// </summary>
public static unsafe class GpuTrial
{
    /// <summary>Long enough that prompts are computed as in earnest, and as plain as can be: the next tokens are beyond doubt.</summary>
    private const string Text =
        "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n    return a - b\n\n\ndef multiply(a, b):\n    return a * b\n\n\ndef divide(a, b):\n    return a /";

    private const int MostTokens = 256, Steps = 8, Sequences = 8, AllLayers = 1 << 20;

    /// <summary>How much less probable, as a difference of logits, the CPU may hold a token that the GPUs chose: where two nearly tie, either is right.</summary>
    private const float Tolerance = 0.5f;

    /// <param name="library">With the GPUs' backend added.</param>
    /// <param name="model">A GGUF file, checked already; a small one.</param>
    /// <param name="threads">For the CPU.</param>
    /// <param name="loaded">Called once the weights are on the GPUs, before they compute the first step.</param>
    /// <param name="computed">Called once they have computed what kernels have to be compiled for.</param>
    /// <exception cref="EngineException">They can't hold the model, or what they compute is wrong.</exception>
    public static GpuTrialTimes Run(LlamaLibrary library, string model, int threads, Action loaded, Action computed)
    {
        Debug.Assert(library.Devices.Count > 0, "There is nothing to try.");
        using var device = new Side(model, threads, isDevice: true);
        loaded();
        device.Begin();
        device.Together();
        computed();
        var (tokens, onDevice) = device.Generate();

        using var processor = new Side(model, threads, isDevice: false);
        processor.Begin();
        var (lag, onProcessor) = processor.Judge(tokens);
        if (!(lag <= Tolerance)) // not a number is wrong too
        {
            throw new EngineException("it computes something else than the CPU does.");
        }

        return new GpuTrialTimes(onDevice, onProcessor);
    }

    /// <summary>The model on one of the two.</summary>
    private sealed class Side : IDisposable
    {
        private readonly LlamaModelHandle _model;
        private readonly LlamaContextHandle _context;
        private readonly LlamaBatchArrays _batch = new(MostTokens);
        private readonly nint _memory;
        private readonly int[] _prompt;
        private readonly int _size;

        public Side(string path, int threads, bool isDevice)
        {
            _model = Load(path, isDevice);
            var vocabulary = LlamaNative.ModelGetVocab(_model);
            _size = LlamaNative.VocabSize(vocabulary);
            _prompt = Tokenize(vocabulary);
            var parameters = LlamaNative.ContextDefaultParams();
            parameters.ContextTokens = MostTokens;
            parameters.BatchTokens = MostTokens;
            parameters.MaxSequences = Sequences;
            parameters.MaxOutputs = Sequences;
            parameters.Threads = threads;
            parameters.ThreadsBatch = threads;
            parameters.KvUnified = 1;
            parameters.OffloadKqv = isDevice ? (byte)1 : (byte)0;
            parameters.OpOffload = parameters.OffloadKqv;
            _context = LlamaContextHandle.Create(_model, parameters);
            _memory = LlamaNative.GetMemory(_context);
        }

        /// <summary>The first run: what is touched or compiled for the first time is, and counts for nobody's time.</summary>
        public void Begin() => Generate();

        /// <summary>A step of several sequences, as there are when more than one suggestion is made.</summary>
        public void Together()
        {
            for (var count = 2; count <= Sequences; count *= 2)
            {
                _ = LlamaNative.MemorySequenceRemove(_memory, -1, 0, -1);
                for (var sequence = 0; sequence < count; sequence++) _batch.Add(_prompt[0], position: 0, sequence, isOutput: true);
                Decode();
            }
        }

        /// <summary>The likeliest next tokens, one step each.</summary>
        public (int[] Tokens, TimeSpan Took) Generate()
        {
            var tokens = new int[Steps];
            var began = Stopwatch.GetTimestamp();
            var last = Prefill();
            for (var step = 0; step < Steps; step++)
            {
                tokens[step] = Sampler.IndexOfBest(Logits(last));
                if (step == Steps - 1) break;
                last = Step(tokens[step], step);
            }

            return (tokens, Stopwatch.GetElapsedTime(began));
        }

        /// <summary>Computes the same tokens.</summary>
        /// <returns>How far, at most, the likeliest token here was ahead of the given one.</returns>
        public (float Lag, TimeSpan Took) Judge(int[] tokens)
        {
            var lag = 0f;
            var began = Stopwatch.GetTimestamp();
            var last = Prefill();
            for (var step = 0; step < tokens.Length; step++)
            {
                var logits = Logits(last);
                if ((uint)tokens[step] >= (uint)_size) return (float.NaN, default);
                lag = MathF.Max(lag, TensorPrimitives.Max(logits) - logits[tokens[step]]);
                if (step < tokens.Length - 1) last = Step(tokens[step], step);
            }

            return (lag, Stopwatch.GetElapsedTime(began));
        }

        public void Dispose()
        {
            _context.Dispose();
            _model.Dispose();
            _batch.Dispose();
        }

        private static LlamaModelHandle Load(string path, bool isDevice)
        {
            var parameters = LlamaNative.ModelDefaultParams();
            nint none = 0;
            parameters.GpuLayers = isDevice ? AllLayers : 0;
            if (!isDevice) parameters.Devices = &none;
            LlamaLog.TakeError();
            var handle = LlamaNative.ModelLoadFromFile(path, parameters);
            if (!handle.IsInvalid) return handle;
            handle.Dispose();
            throw new EngineException($"the embedded model can't be loaded: {LlamaLog.TakeError()}");
        }

        private static int[] Tokenize(nint vocabulary)
        {
            var bytes = Encoding.UTF8.GetBytes(Text);
            var tokens = new int[MostTokens - Steps];
            fixed (byte* text = bytes)
            fixed (int* written = tokens)
            {
                return tokens[..LlamaNative.Tokenize(vocabulary, text, bytes.Length, written, tokens.Length, addSpecial: 1, parseSpecial: 0)];
            }
        }

        /// <returns>The last token's place in its batch.</returns>
        private int Prefill()
        {
            _ = LlamaNative.MemorySequenceRemove(_memory, -1, 0, -1);
            for (var i = 0; i < _prompt.Length; i++) _batch.Add(_prompt[i], i, sequence: 0, isOutput: i == _prompt.Length - 1);
            Decode();
            return _prompt.Length - 1;
        }

        private int Step(int token, int step)
        {
            _batch.Add(token, _prompt.Length + step, sequence: 0, isOutput: true);
            Decode();
            return 0;
        }

        private void Decode()
        {
            var status = LlamaNative.Decode(_context, _batch.View);
            _batch.Clear();
            if (status != DecodeStatus.Ok) throw new EngineException($"a step failed (status {(int)status}). {LlamaLog.TakeError()}".TrimEnd());
        }

        private ReadOnlySpan<float> Logits(int index) => new(LlamaNative.GetLogits(_context, index), _size);
    }
}
