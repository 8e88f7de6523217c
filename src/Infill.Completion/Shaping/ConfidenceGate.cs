namespace Infill.Completion.Shaping;

/// <summary>Decides by a suggestion's first tokens whether it is shown at all: once, and never again. Owned by one thread.</summary>
/// <remarks>
/// It is shown as soon as the mean log-probability of the tokens so far reaches the threshold, with the first token where that is
/// sure enough, and not at all where it hasn't by the third. On the evaluation three tokens tell as much as the whole line, and
/// three in five suggestions are decided by one.
/// </remarks>
internal sealed class ConfidenceGate(double threshold)
{
    private const int MostTokens = 3;

    private int _tokens;
    private double _sum;

    /// <summary>Null until it is decided.</summary>
    public bool? IsShown { get; private set; } = double.IsNegativeInfinity(threshold) ? true : null;

    /// <summary>Takes the next token's score.</summary>
    /// <param name="logProbability">As the model gave it.</param>
    /// <param name="length">Characters that it added: what only says the typed part of a word again has no say.</param>
    public void Push(float logProbability, int length)
    {
        if (IsShown is not null || (_tokens == 0 && length == 0)) return;
        _sum += logProbability;
        _tokens++;
        if (_sum / _tokens >= threshold) IsShown = true;
        else if (_tokens == MostTokens) IsShown = false;
    }

    /// <summary>The model's certainty is not to be had: then it is shown.</summary>
    public void Open() => IsShown ??= true;

    /// <summary>There are no more tokens.</summary>
    public void End() => IsShown ??= false;
}
