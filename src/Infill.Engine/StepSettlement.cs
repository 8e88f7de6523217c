using Infill.Engine.Caching;
using Infill.Engine.Drafting;
using Infill.Engine.Scheduling;

namespace Infill.Engine;

/// <summary>After a step: books what it computed, chooses the tokens that follow, and ends whoever is done. Owned by the engine thread.</summary>
/// <param name="cache">Whose books it keeps.</param>
/// <param name="drafter">Hears of drafts that the memory can't forget.</param>
/// <param name="choices">Chooses tokens of many sequences at once.</param>
/// <param name="output">Chooses tokens and delivers their text.</param>
/// <param name="end">Ends a sequence, with the last token where that has no text to travel with.</param>
internal sealed class StepSettlement(
    PrefixCache cache, Drafter drafter, StepChoices choices, SequenceOutput output, Action<Sequence, FinishReason, TracedToken?> end)
{
    /// <returns>How many tokens were chosen.</returns>
    /// <exception cref="EngineException">The context gave no logits, or has no room for what it was promised to have.</exception>
    public int Settle(IModelRunner model, StepPlan plan, StepStatus status)
    {
        switch (status)
        {
            case StepStatus.Completed:
                return Deliver(model, plan);
            case StepStatus.Aborted:
                foreach (var slice in plan.Slices)
                {
                    Account(slice, model.Length(slice.Sequence.Slot!.Id) - slice.Sequence.ComputedTokens);
                    ForgetDraft(slice); // computed in part or not, nobody can tell how much of it was right

                    // Its own part was computed, but the logits went with the step: its last token is computed again for them.
                    if (slice.Sequence.PendingTokens == 0) cache.Truncate(slice.Sequence.Slot, slice.Sequence.ComputedTokens - 1);
                }

                break;
            case StepStatus.NoCells:
                // The books promise every running sequence its cells, so this is the backend's own overhead: give it room.
                if (!cache.TryEvict()) throw new EngineException("The KV cache has no room left for a step that was promised it.");
                break;
        }

        return 0;
    }

    private int Deliver(IModelRunner model, StepPlan plan)
    {
        var chosen = 0;
        choices.Prepare(model, plan);
        var slices = plan.Slices;
        for (var i = 0; i < slices.Count; i++)
        {
            var slice = slices[i];
            var wantsLogits = slice.WantsLogits; // before the books move on
            Account(slice, slice.Length);
            TracedToken? traced = null;
            var reason = FinishReason.None;
            var before = slice.Sequence.GeneratedTokens;
            if (wantsLogits && slice.Sequence.Ticket.StopAsked == FinishReason.None) reason = Choose(model, slice, i, isAlone: slices.Count == 1, out traced);
            chosen += slice.Sequence.GeneratedTokens - before;
            ForgetDraft(slice);
            if (reason != FinishReason.None) end(slice.Sequence, reason, traced);
        }

        return chosen;
    }

    /// <summary>Chooses the token after a slice, and goes on as long as the draft has foreseen the choice.</summary>
    private FinishReason Choose(IModelRunner model, StepSlice slice, int index, bool isAlone, out TracedToken? traced)
    {
        var sequence = slice.Sequence;
        var draft = slice.Draft.Span;
        sequence.DraftedTokens += draft.Length;
        for (var accepted = 0; ; accepted++)
        {
            var logits = model.Logits(index, accepted);
            if (isAlone && draft.IsEmpty) drafter.Decide(sequence, logits);
            if (isAlone && !draft.IsEmpty && drafter.IsNearTie(sequence, logits, accepted))
            {
                Reconsider(sequence);
                traced = null;
                return FinishReason.None;
            }

            var reason = output.Choose(sequence, logits, choices.Of(index, accepted), out traced);
            if (reason != FinishReason.None || accepted == draft.Length || sequence.Tokens[^1] != draft[accepted]) return reason;
            sequence.Slot!.Append(sequence.Tokens, sequence.ComputedTokens, 1); // the step has computed it already
            sequence.AcceptedTokens++;
        }
    }

    /// <summary>What a batch of another shape can't tell for sure is decided by a plain step: the last token is computed again, alone.</summary>
    private void Reconsider(Sequence sequence)
    {
        var length = sequence.ComputedTokens - 1;
        cache.Truncate(sequence.Slot!, length);
        if (sequence.ComputedTokens == length) sequence.DraftSource!.SkipsStep = true;
        else drafter.TurnOff();
    }

    /// <summary>Of a draft only that stays in the KV cache which the books have taken in.</summary>
    private void ForgetDraft(StepSlice slice)
    {
        if (!slice.Draft.IsEmpty && !cache.TryForgetDraft(slice.Sequence.Slot!)) drafter.TurnOff();
    }

    /// <summary>Books what a step computed of a slice; drafted tokens are wasted like others when nobody wants them any more.</summary>
    private static void Account(StepSlice slice, int computed)
    {
        var sequence = slice.Sequence;
        if (computed <= 0) return;
        sequence.Slot!.Append(sequence.Tokens, sequence.ComputedTokens, Math.Min(computed, slice.Count));
        if (sequence.Ticket.StopAsked == FinishReason.None) return;
        sequence.TokensAfterStop += computed;
        sequence.StepsAfterStop++;
    }
}
