using System.Runtime.CompilerServices;
using System.Text;
using Infill.Completion.Shaping;
using Infill.Engine;
using Infill.Engine.Sampling;

namespace Infill.Completion;

/// <summary>The raw text of one generation → what is shown of it; it needs to know nothing of who generates. Owned by one reader.</summary>
internal sealed class ShapedGeneration
{
    private readonly SuggestionRequest _request;
    private readonly CodeLanguage _language;
    private readonly SuggestionContext _context;
    private readonly double _threshold;
    private readonly StringBuilder _written = new();

    public ShapedGeneration(SuggestionRequest request)
    {
        _request = request;
        _language = CodeLanguage.ById(request.Language.Length > 0 ? request.Language : CodeLanguage.IdOf(request.Path));
        _threshold = request.Priority == RequestPriority.Invoked ? double.NegativeInfinity : request.Shaping.Threshold;
        _context = NewContext();
        StopStrings = _context.Mode == SuggestionMode.SingleLine ? ["\n"] : []; // said in so many words, that no token behind it is guessed
        StopRule = new ShaperStopRule(NewContext(), _threshold);
    }

    /// <summary>Each ends the text before it: whoever generates is told.</summary>
    public IReadOnlyList<string> StopStrings { get; }

    /// <summary>Ends it too; whoever generates calls it, on a thread of theirs.</summary>
    public IStopRule StopRule { get; }

    /// <summary>All the text that came, whatever was shown of it.</summary>
    public string Written => _written.ToString();

    /// <summary>What a text for the place is shaped by. Each reader has one of its own: it is lazy, and knows no locks.</summary>
    public SuggestionContext NewContext() => SuggestionContext.At(_request.Text, _request.Cursor, _request.Shaping, _language);

    /// <summary>Generates and shapes; the last suggestion, and it alone, says why it ended.</summary>
    /// <param name="generate">Begins the generation; the token ends it.</param>
    /// <param name="cancellationToken">Ends it too.</param>
    public async IAsyncEnumerable<Suggestion> ReadAsync(
        Func<CancellationToken, IAsyncEnumerable<GenerationChunk>> generate, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shaper = new CompletionShaper(_context);
        var scores = new FirstLineScores();
        var gate = new ConfidenceGate(_threshold);
        var last = default(GenerationChunk);

        // The shaper's verdict stops the sequence; its last chunk still comes, and says what it cost.
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await foreach (var chunk in generate(enough.Token))
        {
            scores.Append(chunk);
            if (_written.Length == 0 && chunk is { Text.Length: > 0, Tokens.Count: 0 }) gate.Open(); // a server that gives no scores: scores never come behind their text
            foreach (var token in chunk.Tokens) gate.Push(token.LogProbability, token.Length);
            _written.Append(chunk.Text);
            if (!shaper.IsDone)
            {
                shaper.Append(chunk.Text);
                if (chunk.Finish == FinishReason.None && gate.IsShown == true && shaper.TryGetSnapshot(out var snapshot)) yield return new Suggestion(snapshot);
                if (shaper.IsDone || gate.IsShown == false) await enough.CancelAsync();
            }

            if (chunk.Finish != FinishReason.None) last = chunk;
        }

        var finish = last.Finish == FinishReason.Cancelled && !cancellationToken.IsCancellationRequested ? FinishReason.StopRule : last.Finish;
        var text = shaper.Finish(endedByModel: finish is FinishReason.EndOfText or FinishReason.StopRule);
        gate.End();
        yield return new Suggestion(gate.IsShown == true ? text : "", finish, last.Usage) { Fault = last.Fault, Reported = last.Reported, Scores = scores.All };
    }
}
