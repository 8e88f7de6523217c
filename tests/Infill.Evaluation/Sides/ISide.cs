using System.Text.Json.Serialization;
using Infill.Evaluation.Places;

namespace Infill.Evaluation.Sides;

/// <summary>Somebody who is asked what to write: a column of the report. One place at a time.</summary>
internal interface ISide : IAsyncDisposable
{
    string Name { get; }

    /// <summary>What stands behind the column, in words.</summary>
    string What { get; }

    /// <summary>Whether an answer is worth keeping: not so where it costs nothing and follows the code.</summary>
    bool IsKept => true;

    /// <summary>Whether asking takes no model's time.</summary>
    bool CanAnswerAtOnce(Place place) => false;

    Task<Answer> AskAsync(Place place, CancellationToken cancellationToken);
}

/// <summary>What a side would write.</summary>
/// <param name="Text">With line feeds; empty where it shows nothing.</param>
/// <param name="Scores">Natural logarithms of the probabilities of the first line's tokens, before anything was cut.</param>
/// <param name="FirstText">Milliseconds until there was something to show; null where there was nothing, or the side answers at once.</param>
/// <param name="Whole">Milliseconds until all was there.</param>
/// <param name="Tokens">How many were generated.</param>
internal sealed record Answer(string Text, IReadOnlyList<float> Scores, double? FirstText, double Whole, int Tokens)
{
    /// <summary>Of raw text alone: the characters of each token.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [];

    /// <summary>Of raw text alone: whether the model itself ended it.</summary>
    public bool IsWhole { get; init; }

    /// <summary>The mean of the scores: what confidence is measured by.</summary>
    [JsonIgnore]
    public double Confidence => Scores.Count == 0 ? double.NegativeInfinity : Scores.Average();
}
