using System.Numerics;

namespace Infill.Engine.Scheduling;

/// <summary>What a step is made of, as far as its cost depends on it.</summary>
/// <param name="DecodeSequences">Sequences that compute one token each.</param>
/// <param name="PrefillTokens">Tokens of all longer slices together.</param>
/// <param name="DecodeContext">Tokens before each decoded one, on average: attention walks over them.</param>
/// <param name="PrefillContext">The same for the tokens of longer slices.</param>
/// <param name="DecodeRows">Rows of neighbouring slots that the decoding ones are in: each row is computed by itself where slots have streams.</param>
internal readonly record struct StepShape(
    int DecodeSequences, int PrefillTokens, int DecodeContext = StepShape.UsualContext, int PrefillContext = StepShape.UsualContext, int DecodeRows = 1)
{
    /// <summary>Words of 64 bits that have one for every slot that there can be.</summary>
    private const int SlotWords = 4;

    /// <summary>Tokens of context where nobody says how many: costs are kept for this length.</summary>
    public const int UsualContext = 512;

    /// <summary>The shape of a plan that has not run yet.</summary>
    public static StepShape Of(StepPlan plan)
    {
        var decoding = 0;
        long decodeContext = 0;
        long prefillContext = 0;
        Span<ulong> slots = stackalloc ulong[SlotWords];
        for (var i = 0; i < plan.Slices.Count; i++)
        {
            var (sequence, count) = plan.Slices[i];
            if (count == 1)
            {
                decoding++;
                decodeContext += sequence.ComputedTokens;
                var id = sequence.Slot!.Id;
                slots[id / 64 % SlotWords] |= 1UL << (id % 64);
            }
            else
            {
                prefillContext += count * (sequence.ComputedTokens + (count / 2L));
            }
        }

        var prefill = plan.TotalTokens - decoding;
        return new StepShape(decoding, prefill, Mean(decodeContext, decoding), Mean(prefillContext, prefill), CountRows(slots));
    }

    /// <summary>A row begins with each slot whose lower neighbour is not there.</summary>
    private static int CountRows(ReadOnlySpan<ulong> slots)
    {
        var rows = 0;
        var below = 0UL; // whether the last slot of the word before is there
        foreach (var word in slots)
        {
            rows += BitOperations.PopCount(word & ~((word << 1) | below));
            below = word >> 63;
        }

        return rows;
    }

    private static int Mean(long sum, int count) => count == 0 ? UsualContext : (int)(sum / count);
}
