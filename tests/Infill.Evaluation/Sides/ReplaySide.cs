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
        var shaper = new CompletionShaper(SuggestionContext.At(SourceText.From(place.Document), place.Start, settings.Shaping));
        var scores = new FirstLineScores();
        var at = 0;
        var tokens = 0;
        while (tokens < known.Lengths.Count && !shaper.IsDone)
        {
            var text = known.Text.Substring(at, known.Lengths[tokens]);
            at += text.Length;
            scores.Append(new GenerationChunk(text) { Tokens = [new TracedToken(0, 0) { LogProbability = known.Scores[tokens], Length = text.Length }] });
            tokens++;
            shaper.Append(text);
        }

        var shown = shaper.Finish(endedByModel: shaper.IsDone || known.IsWhole);
        return new Answer(Place.Lf(shown), [.. scores.All], FirstText: null, Whole: 0, tokens);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
