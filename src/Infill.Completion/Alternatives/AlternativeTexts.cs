using Infill.Completion.Shaping;
using Infill.Engine;

namespace Infill.Completion.Alternatives;

/// <summary>
/// Other texts for a place: each parts from the first one in its first line, where another token was likely too. They share its
/// prompt's KV cache and are decoded in the same batches as its later lines. Owned by one thread at a time.
/// </summary>
internal sealed class AlternativeTexts : IAsyncDisposable
{
    /// <summary>Of the likeliest tokens at each place, so many are looked at, the chosen one among them.</summary>
    public const int TokensLookedAt = 4;

    private readonly CompletionEngine _engine;
    private readonly GenerationRequest _first;
    private readonly Func<SuggestionContext> _context;
    private readonly int _count;
    private readonly BranchFinder _finder;
    private readonly CancellationTokenSource _stop;
    private readonly TimeProvider _time;
    private readonly long _began;
    private List<Task<string>>? _texts; // null until the first line has ended

    /// <param name="engine">Generates; its model is loaded.</param>
    /// <param name="first">What the first text is generated from.</param>
    /// <param name="context">Makes what a text is shaped by: one for each reader.</param>
    /// <param name="count">How many to come up with at most.</param>
    /// <param name="time">Clock of the deadline, which is the first one's.</param>
    /// <param name="cancellationToken">Ends them.</param>
    public AlternativeTexts(CompletionEngine engine, GenerationRequest first, Func<SuggestionContext> context, int count, TimeProvider time, CancellationToken cancellationToken)
    {
        _engine = engine;
        _first = first;
        _context = context;
        _count = count;
        _finder = new BranchFinder(engine.Vocabulary!, first.Start);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _time = time;
        _began = time.GetTimestamp();
    }

    /// <summary>Takes a chunk of the first text; with its first line's last the others begin.</summary>
    public void Take(GenerationChunk chunk)
    {
        if (_texts is not null) return;
        _finder.Append(chunk);
        if (_finder.IsComplete || chunk.Finish != FinishReason.None) Begin();
    }

    /// <summary>Those that differ from the first text and from each other, the likeliest first. After the first text's last chunk.</summary>
    public async Task<IReadOnlyList<string>> DifferentFromAsync(string first)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { WithoutBlanks(first) };
        var others = new List<string>();
        foreach (var text in await Task.WhenAll(_texts ?? []))
        {
            if (others.Count < _count && text.Length > 0 && (HasWords(text) || !HasWords(first)) && seen.Add(WithoutBlanks(text))) others.Add(text);
        }

        return others;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Task.WhenAll(_texts ?? [])).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    /// <summary>One more than wanted: shaping may leave nothing of one, or make two alike.</summary>
    private void Begin() => _texts = [.. _finder.Best(_count + 1).Select(RunAsync)];

    private async Task<string> RunAsync(Branch branch)
    {
        var shaper = new CompletionShaper(_context());
        shaper.Append(branch.Text);
        var finish = FinishReason.StopRule;
        if (!shaper.IsDone)
        {
            var rule = new ShaperStopRule(_context(), double.NegativeInfinity);
            rule.IsEnough(branch.Text, 0);
            await foreach (var chunk in _engine.GenerateAsync(Request(branch) with { StopRule = rule }, _stop.Token))
            {
                if (!shaper.IsDone) shaper.Append(chunk.Text);
                finish = chunk.Finish;
            }
        }

        var isWhole = finish is FinishReason.EndOfText or FinishReason.StopRule;
        var text = shaper.Finish(isWhole);
        return isWhole || text.Contains('\n') ? text : ""; // a line that finds no end is what a model writes where it is lost
    }

    private GenerationRequest Request(Branch branch) => _first with
    {
        Prompt = [.. _first.Prompt, .. branch.Tokens],
        Start = default,
        DraftHints = [],
        ScoreTokens = false,
        Alternatives = 0,
        MaxTokens = Math.Max(1, _first.MaxTokens - branch.Tokens.Count),
        Deadline = _first.Deadline - _time.GetElapsedTime(_began),
    };

    /// <summary>What is nothing but signs is no alternative to what says something: it is a text that was cut at once.</summary>
    private static bool HasWords(string text) => text.Any(char.IsLetterOrDigit);

    private static string WithoutBlanks(string text) => string.Concat(text.Where(static c => !char.IsWhiteSpace(c)));
}
