using System.Diagnostics;

namespace Infill.Engine.Scheduling;

/// <summary>Some of a sequence's pending tokens, to be computed in one step.</summary>
/// <param name="Sequence">Whose tokens; they start at its first uncomputed one.</param>
/// <param name="Count">How many.</param>
public readonly record struct StepSlice(Sequence Sequence, int Count)
{
    /// <summary>Guesses at what follows the pending tokens, computed behind them; only a slice that wants logits has any.</summary>
    public ReadOnlyMemory<int> Draft { get; init; }

    /// <summary>Tokens that the step computes: pending ones, then guesses.</summary>
    public int Length => Count + Draft.Length;

    /// <summary>Whether the slice reaches the sequence's last token, so that the next one can be chosen after the step.</summary>
    public bool WantsLogits => Count == Sequence.PendingTokens;

    /// <summary>The slice's <paramref name="index"/>-th token, from 0 to <see cref="Length"/>; valid until the step's tokens count as computed.</summary>
    public int Token(int index) => index < Count ? Sequence.Tokens[Sequence.ComputedTokens + index] : Draft.Span[index - Count];
}

/// <summary>The tokens of the next batch. One instance is used for all steps of a scheduler.</summary>
public sealed class StepPlan
{
    private readonly List<StepSlice> _slices = [];

    public IReadOnlyList<StepSlice> Slices => _slices;

    public int TotalTokens { get; private set; }

    internal bool HasDraft { get; private set; }

    /// <summary>Whether some sequence has more than its one token in it, guesses aside.</summary>
    internal bool HasPrefill { get; private set; }

    internal void Clear()
    {
        _slices.Clear();
        TotalTokens = 0;
        HasDraft = false;
        HasPrefill = false;
    }

    internal void Take(Sequence sequence, int count)
    {
        _slices.Add(new StepSlice(sequence, count));
        TotalTokens += count;
        HasPrefill |= count > 1;
    }

    /// <summary>Leaves the first slices, of a token each, to another step.</summary>
    internal void DropFirst(int slices)
    {
        _slices.RemoveRange(0, slices);
        TotalTokens -= slices;
    }

    /// <summary>Has a slice compute guesses too.</summary>
    /// <param name="slice">Its place; it wants logits.</param>
    /// <param name="tokens">Not copied: they must stay as they are until the step is settled.</param>
    internal void Draft(int slice, ReadOnlyMemory<int> tokens)
    {
        Debug.Assert(_slices[slice].WantsLogits && _slices[slice].Draft.IsEmpty);
        _slices[slice] = _slices[slice] with { Draft = tokens };
        TotalTokens += tokens.Length;
        HasDraft = true;
    }
}
