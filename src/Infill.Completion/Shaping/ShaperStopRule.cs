using Infill.Engine.Sampling;

namespace Infill.Completion.Shaping;

/// <summary>Stops a generation at the token behind which nothing would be shown. Owned by the engine thread once it was submitted.</summary>
/// <remarks>A shaper of its own: the one that makes the suggestion belongs to another thread, and what a text leads to is the same for both.</remarks>
internal sealed class ShaperStopRule(SuggestionContext context, double threshold) : IStopRule
{
    private readonly CompletionShaper _shaper = new(context);
    private readonly ConfidenceGate _gate = new(threshold);

    public bool IsEnough(ReadOnlySpan<char> text, float logProbability)
    {
        _gate.Push(logProbability, text.Length);
        _shaper.Append(text);
        return _shaper.IsDone || _gate.IsShown == false;
    }
}
