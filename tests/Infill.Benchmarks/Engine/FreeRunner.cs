using System.Text;
using Infill.Engine;
using Infill.Engine.Scheduling;

namespace Infill.Benchmarks.Engine;

/// <summary>A model that costs nothing: what is left of a step's time is the engine's own.</summary>
internal sealed class FreeRunner(int maxSequences, int contextTokens, string piece) : IModel, IModelRunner, IVocabulary
{
    private const int End = 0;
    private readonly byte[] _piece = Encoding.UTF8.GetBytes(piece);
    private readonly int[] _lengths = new int[maxSequences];
    private readonly float[] _logits = Scores();

    public IVocabulary Vocabulary => this;

    public KvLayout Layout => KvLayout.Streams;

    public int ContextCells => maxSequences * contextTokens;

    public int ContextTokens => contextTokens;

    public int MaxSequences => maxSequences;

    public string ModelName => "free";

    /// <summary>The default model's.</summary>
    public int Size => 16_384;

    public FimTokens Fim { get; } = new(1, 2, 3, null, null);

    public int? BeginningOfText => null;

    public int? FindSpecial(string spelling) => null;

    public IModelRunner CreateRunner(EngineOptions options) => this;

    public void ReleaseWeights()
    {
    }

    public StepStatus Run(StepPlan plan, Func<bool> shouldAbort)
    {
        for (var i = 0; i < plan.Slices.Count; i++) _lengths[plan.Slices[i].Sequence.Slot!.Id] += plan.Slices[i].Length;
        return StepStatus.Completed;
    }

    public ReadOnlySpan<float> Logits(int slice, int drafted = 0) => _logits;

    public bool TryTruncate(int slot, int length)
    {
        _lengths[slot] = Math.Min(_lengths[slot], length);
        return true;
    }

    public bool TryCopy(int source, int target, int length) => false;

    public int Length(int slot) => _lengths[slot];

    public bool IsEndOfGeneration(int token) => token == End;

    public void Tokenize(ReadOnlySpan<char> text, List<int> tokens) => tokens.Add(100);

    public ReadOnlySpan<byte> Piece(int token) => _piece;

    public void Dispose()
    {
    }

    private static float[] Scores()
    {
#pragma warning disable CA5394 // repeatable by seed
        var random = new Random(1);
        var scores = new float[16_384];
        for (var i = 1; i < scores.Length; i++) scores[i] = (float)(random.NextDouble() * 20);
#pragma warning restore CA5394
        return scores;
    }
}
