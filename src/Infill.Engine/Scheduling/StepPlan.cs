namespace Infill.Engine.Scheduling;

/// <summary>Some of a sequence's pending tokens, to be computed in one step.</summary>
/// <param name="Sequence">Whose tokens; they start at its first uncomputed one.</param>
/// <param name="Count">How many.</param>
public readonly record struct StepSlice(Sequence Sequence, int Count)
{
    /// <summary>Whether the slice reaches the sequence's last token, so that the next one can be chosen after the step.</summary>
    public bool WantsLogits => Count == Sequence.PendingTokens;
}

/// <summary>The tokens of the next batch. One instance is used for all steps of a scheduler.</summary>
public sealed class StepPlan
{
    private readonly List<StepSlice> _slices = [];

    public IReadOnlyList<StepSlice> Slices => _slices;

    public int TotalTokens { get; private set; }

    internal void Clear()
    {
        _slices.Clear();
        TotalTokens = 0;
    }

    internal void Take(Sequence sequence, int count)
    {
        _slices.Add(new StepSlice(sequence, count));
        TotalTokens += count;
    }
}
