using Infill.Engine.Sampling;
using Infill.Engine.Scheduling;

namespace Infill.Engine;

/// <summary>A token that follows a sequence.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Traced">What the request wants to know of it; null where it asked for nothing.</param>
internal readonly record struct ChosenToken(int Token, TracedToken? Traced)
{
    /// <summary>Any thread, one at a time for each sequence: draws move its sampler on.</summary>
    public static ChosenToken Of(Sequence sequence, ReadOnlySpan<float> logits)
    {
        var request = sequence.Ticket.Request;
        var token = sequence.Sampler.Next(logits);
        if (!request.TraceTokens && !request.TraceMargins && !request.ScoreTokens) return new ChosenToken(token, null);
        return new ChosenToken(token, new TracedToken(token, request.TraceMargins ? Sampler.Margin(logits, token) : 0)
        {
            LogProbability = request.ScoreTokens ? Sampler.LogProbability(logits, token) : 0,
            Best = request.ScoreTokens && request.Alternatives > 0 ? Sampler.Best(logits, request.Alternatives) : null,
        });
    }
}

/// <summary>
/// The tokens that follow a step, chosen on all cores where that is much work: 128 sequences with a vocabulary of 150,000 have 20
/// million scores to be looked through, several times each, while a GPU waits.
/// </summary>
/// <remarks>Owned by the engine thread, which waits for the others.</remarks>
/// <param name="vocabularySize">Scores of each sequence.</param>
/// <param name="isOnDevice">Whether another device computes the steps: then the other cores have nothing else to do.</param>
/// <param name="work">The threads of those cores.</param>
internal sealed class StepChoices(int vocabularySize, bool isOnDevice, SharedWork work)
{
    /// <summary>Scores that are worth waking other cores for.</summary>
    private readonly long _worthSharing = isOnDevice ? 1 << 18 : 1 << 20;

    private ChosenToken?[] _chosen = []; // by row: a slice's own, then those behind its guesses
    private int[] _firstRows = [];
    private bool _isPrepared;

    /// <summary>Before the books move on: chooses for every sequence that may have any token next, behind its guesses as long as they hold.</summary>
    /// <exception cref="EngineException">The context gave no logits.</exception>
    public void Prepare(IModelRunner model, StepPlan plan)
    {
        var slices = plan.Slices;
        _isPrepared = false;
        if (slices.Count < 2) return;
        if (_firstRows.Length < slices.Count) _firstRows = new int[slices.Count];
        var rows = 0;
        for (var i = 0; i < slices.Count; i++)
        {
            _firstRows[i] = rows;
            rows += 1 + slices[i].Draft.Length;
        }

        _isPrepared = rows * (long)vocabularySize >= _worthSharing;
        if (!_isPrepared) return;
        if (_chosen.Length < rows) _chosen = new ChosenToken?[rows];
        ChooseAll(model, slices);
    }

    /// <summary>The token that was chosen for a slice behind so many guesses that held; null where it is still to be chosen.</summary>
    public ChosenToken? Of(int slice, int accepted) => _isPrepared ? _chosen[_firstRows[slice] + accepted] : null;

    /// <remarks>Apart from <see cref="Prepare"/>: what the cores share is an object, and a step that they don't share makes none.</remarks>
    private void ChooseAll(IModelRunner model, IReadOnlyList<StepSlice> slices) =>
        work.For(slices.Count, i => Choose(model, slices[i], i));

    private void Choose(IModelRunner model, StepSlice slice, int index)
    {
        var row = _firstRows[index];
        _chosen[row] = null;
        if (!CanChoose(slice)) return;
        var draft = slice.Draft.Span;
        for (var accepted = 0; ; accepted++)
        {
            var chosen = ChosenToken.Of(slice.Sequence, model.Logits(index, accepted));
            _chosen[row + accepted] = chosen;
            if (accepted == draft.Length || chosen.Token != draft[accepted]) return;
        }
    }

    private static bool CanChoose(StepSlice slice) =>
        slice.WantsLogits && slice.Sequence.Start.IsMet && slice.Sequence.Ticket.StopAsked == FinishReason.None;
}
