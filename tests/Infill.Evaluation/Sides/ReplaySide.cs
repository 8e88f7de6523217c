using Infill.Completion.Documents;
using Infill.Completion.Shaping;
using Infill.Engine;
using Infill.Evaluation.Places;
using Infill.Evaluation.Reporting;
using Infill.Server.Settings;

namespace Infill.Evaluation.Sides;

/// <summary>Shapes the model's kept text anew, token by token: trying a rule costs no model's time. Prompts stay those of the default settings.</summary>
internal sealed class ReplaySide(string name, string settingsText, InfillSettings settings, RawSide raw, ResultFile results) : ISide
{
    public string Name => name;

    public string What => settingsText.Length == 0 ? "the default settings, replayed" : $"{settingsText}, replayed";

    public bool IsKept => false;

    public bool CanAnswerAtOnce(Place place) => results.Find(raw, place) is not null;

    public async Task<Answer> AskAsync(Place place, CancellationToken cancellationToken)
    {
        if (results.Find(raw, place) is not { } known) results.Add(raw, place, known = await raw.AskAsync(place, cancellationToken));
        var shaper = new CompletionShaper(SuggestionContext.At(SourceText.From(place.Document), place.Start, settings.Shaping, place.File.Writing));
        var scores = new FirstLineScores();
        var gate = new ConfidenceGate(settings.Shaping.Threshold);
        var before = "";
        var at = 0;
        var tokens = 0;
        while (tokens < known.Lengths.Count && !shaper.IsDone)
        {
            var text = known.Text.Substring(at, known.Lengths[tokens]);
            at += text.Length;
            scores.Append(new GenerationChunk(text) { Tokens = [new TracedToken(0, 0) { LogProbability = known.Scores[tokens], Length = text.Length }] });
            gate.Push(known.Scores[tokens++], text.Length);
            if (gate.IsShown == false) break;
            shaper.Append(text);
            before = Grown(before, shaper.Current, place);
        }

        var shown = Grown(before, shaper.Finish(endedByModel: shaper.IsDone || known.IsWhole), place);
        gate.End();
        return new Answer(gate.IsShown == true ? Place.Lf(shown) : "", [.. scores.All], FirstText: null, Whole: 0, tokens);
    }

    /// <summary>What was shown is never taken back: on every place that is evaluated too.</summary>
    private static string Grown(string before, string now, Place place) => now.StartsWith(before, StringComparison.Ordinal)
        ? now
        : throw new InvalidOperationException($"'{before}' became '{now}' at {place.File.Path}:{place.Start}.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
