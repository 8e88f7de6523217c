using BenchmarkDotNet.Attributes;
using Infill.Benchmarks.EndToEnd;
using Infill.Completion.Prompting;
using Infill.Engine.Llama;
using Infill.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Benchmarks.Prompting;

/// <summary>A keystroke in a prompt of some 640 tokens: the whole text through the vocabulary, or the one line that changed.</summary>
[MemoryDiagnoser]
public class TokenizeBenchmarks : IDisposable
{
    private const int PromptLength = 2200;

    private readonly List<int> _tokens = new(2048);
    private LlamaModel _model = null!;
    private LineTokenizer _lines = null!;
    private string _document = "";
    private int _key;

    [GlobalSetup]
    public void Load()
    {
        LlamaLibrary.Load(NullLogger.Instance);
        _model = LlamaModel.Load(DefaultModel.Path);
        _lines = new LineTokenizer(_model);
        _document = SampleDocument.Make(300, 1)[..PromptLength];
    }

    [Benchmark(Baseline = true)]
    public int Whole()
    {
        _tokens.Clear();
        _model.Tokenize(Next(), _tokens);
        return _tokens.Count;
    }

    [Benchmark]
    public int LineByLine()
    {
        _tokens.Clear();
        _lines.Tokenize(Next(), _tokens);
        return _tokens.Count;
    }

    /// <summary>Each key another text, never seen before.</summary>
    private string Next() => _document + _key++;

    [GlobalCleanup]
    public void Dispose()
    {
        _model?.Dispose();
        GC.SuppressFinalize(this);
    }
}
