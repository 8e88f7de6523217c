using System.Diagnostics;
using Infill.Evaluation.Measures;
using Infill.Evaluation.Places;
using Infill.Evaluation.Reporting;
using Infill.Evaluation.Sides;

namespace Infill.Evaluation;

/// <summary>Asks every side about every place, one at a time, and judges the answers.</summary>
/// <param name="sides">Ours first.</param>
/// <param name="results">What was answered before, and where answers go.</param>
/// <param name="progress">Told how far it is, now and then.</param>
internal sealed class EvaluationRun(IReadOnlyList<ISide> sides, ResultFile results, Action<string> progress)
{
    private const int PlacesPerNote = 50;

    /// <summary>Goes on until every place is answered or the time is up.</summary>
    /// <returns>For each side the judgements of those places that all sides have answered, in the places' order.</returns>
    public async Task<IReadOnlyList<IReadOnlyList<Judgement>>> RunAsync(IReadOnlyList<Place> places, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        List<Judgement>[] judgements = [.. sides.Select(static _ => new List<Judgement>())];
        foreach (var place in places)
        {
            var answers = new List<Answer>();
            foreach (var side in sides)
            {
                if (side.IsKept && results.Find(side, place) is { } known)
                {
                    answers.Add(known);
                    continue;
                }

                if (Stopwatch.GetElapsedTime(began) >= limit && !side.CanAnswerAtOnce(place)) break;
                var answer = await side.AskAsync(place, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested(); // what was broken off is no answer, and must not be kept as one
                if (side.IsKept) results.Add(side, place, answer);
                answers.Add(answer);
            }

            if (answers.Count < sides.Count) continue; // the time is up; what is known of later places still counts
            for (var i = 0; i < sides.Count; i++) judgements[i].Add(Judgement.Of(place, answers[i]));
            if (judgements[0].Count % PlacesPerNote == 0) progress($"{judgements[0].Count} of {places.Count} places");
        }

        return judgements;
    }
}
