namespace Infill.Completion.Alternatives;

/// <summary>Another way on: the first tokens of a text that parts from the one generated with its last token.</summary>
/// <param name="Tokens">From the prompt's end; those that the two have in common, and the one with which they part.</param>
/// <param name="Text">What they add behind the cursor.</param>
/// <param name="LogProbability">Of all of them together, as a natural logarithm.</param>
internal sealed record Branch(IReadOnlyList<int> Tokens, string Text, double LogProbability);
