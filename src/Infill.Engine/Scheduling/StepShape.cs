namespace Infill.Engine.Scheduling;

/// <summary>What a step is made of, as far as its cost depends on it.</summary>
/// <param name="DecodeSequences">Sequences that compute one token each.</param>
/// <param name="PrefillTokens">Tokens of all longer slices together.</param>
/// <param name="DecodeContext">Tokens before each decoded one, on average: attention walks over them.</param>
/// <param name="PrefillContext">The same for the tokens of longer slices.</param>
internal readonly record struct StepShape(
    int DecodeSequences, int PrefillTokens, int DecodeContext = StepShape.UsualContext, int PrefillContext = StepShape.UsualContext)
{
    /// <summary>Tokens of context where nobody says how many: costs are kept for this length.</summary>
    public const int UsualContext = 512;

    /// <summary>The shape of a plan that has not run yet.</summary>
    public static StepShape Of(StepPlan plan)
    {
        var decoding = 0;
        long decodeContext = 0;
        long prefillContext = 0;
        for (var i = 0; i < plan.Slices.Count; i++)
        {
            var (sequence, count) = plan.Slices[i];
            if (count == 1)
            {
                decoding++;
                decodeContext += sequence.ComputedTokens;
            }
            else
            {
                prefillContext += count * (sequence.ComputedTokens + (count / 2L));
            }
        }

        var prefill = plan.TotalTokens - decoding;
        return new StepShape(decoding, prefill, Mean(decodeContext, decoding), Mean(prefillContext, prefill));
    }

    private static int Mean(long sum, int count) => count == 0 ? UsualContext : (int)(sum / count);
}
