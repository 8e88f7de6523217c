using System.Diagnostics;
using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Engine;
using Infill.Evaluation.Places;
using Infill.Server.Settings;

namespace Infill.Evaluation.Sides;

/// <summary>What the model itself says, before anything is cut: what the replayed columns are made from. No column of its own.</summary>
internal sealed class RawSide(InfillSettings settings, Lazy<CompletionEngine> engine) : ISide
{
    private readonly Lazy<CompletionService> _service = new(() => new CompletionService(engine.Value, TimeProvider.System));

    public string Name => "raw";

    public string What => "the model's own text";

    public async Task<Answer> AskAsync(Place place, CancellationToken cancellationToken)
    {
        var asked = Stopwatch.GetTimestamp();
        var request = settings.RequestAt(SourceText.From(place.Document), place.Start, place.File.Path) with { Priority = RequestPriority.Invoked };
        var chunks = await _service.Value.GenerateRawAsync(request, cancellationToken);
        var whole = Stopwatch.GetElapsedTime(asked).TotalMilliseconds;
        List<TracedToken> tokens = [.. chunks.SelectMany(static chunk => chunk.Tokens)];
        return new Answer(string.Concat(chunks.Select(static chunk => chunk.Text)), [.. tokens.Select(static token => token.LogProbability)], FirstText: null, whole, tokens.Count)
        {
            Lengths = [.. tokens.Select(static token => token.Length)],
            IsWhole = chunks is [.., { Finish: FinishReason.EndOfText }],
        };
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
