using System.Runtime.CompilerServices;
using Infill.Completion.Prompting;
using Infill.Completion.Shaping;
using Infill.Engine;

namespace Infill.Completion;

/// <summary>Snapshot → prompt → engine → shaped suggestion. Any thread.</summary>
public sealed class CompletionService(CompletionEngine engine, TimeProvider time)
{
    /// <summary>How much shorter a prompt gets where the whole would take too long: the first that fits its budget is used.</summary>
    private static readonly int[] s_divisors = [4, 8, 16];

    private readonly PromptWarmer _warmer = new(engine);
    private PromptBuilder? _prompts; // made once the vocabulary is there; two threads may both make it, with the same result

    /// <summary>Completes when the model is loaded.</summary>
    /// <exception cref="EngineException">It could not be.</exception>
    public Task ReadyAsync(CancellationToken cancellationToken) => engine.Ready.WaitAsync(cancellationToken);

    /// <summary>Streams a suggestion as it grows. The last item says why it ended; an empty text means 'nothing here'.</summary>
    /// <remarks>Generation stops when the shaper has all it will show, when a token is cancelled, or when the caller stops reading.</remarks>
    /// <exception cref="EngineException">The model could not be loaded.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while the model was loading.</exception>
    public async IAsyncEnumerable<Suggestion> SuggestAsync(
        SuggestionRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var began = time.GetTimestamp();
        if (await PromptsWithinAsync(request.Deadline, cancellationToken) is not { } prompts)
        {
            yield return new Suggestion("", FinishReason.Deadline);
            yield break;
        }

        if (Generation(request, prompts) is not { } plain) // nothing before the cursor, and a model that knows of nothing else
        {
            yield return new Suggestion("", FinishReason.EndOfText);
            yield break;
        }

        var context = SuggestionContext.At(request.Text, request.Cursor, request.Shaping);
        var shaper = new CompletionShaper(context);
        var scores = new FirstLineScores();
        var generation = plain with
        {
            StopStrings = context.Mode == SuggestionMode.SingleLine ? ["\n"] : [], // said in so many words, that no token behind it is guessed
            StopRule = new ShaperStopRule(SuggestionContext.At(request.Text, request.Cursor, request.Shaping)),
            Deadline = request.Deadline - time.GetElapsedTime(began), // what waiting for the model has left of it
        };

        var finish = FinishReason.None;
        Usage? usage = null;
        string? fault = null;

        // The shaper's verdict stops the sequence; its last chunk still comes, and says what it cost.
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await foreach (var chunk in engine.GenerateAsync(generation, enough.Token))
        {
            scores.Append(chunk);
            if (!shaper.IsDone)
            {
                shaper.Append(chunk.Text);
                if (chunk.Finish == FinishReason.None && shaper.TryGetSnapshot(out var snapshot)) yield return new Suggestion(snapshot);
                if (shaper.IsDone) await enough.CancelAsync();
            }

            if (chunk.Finish != FinishReason.None) (finish, usage, fault) = (chunk.Finish, chunk.Usage, chunk.Fault);
        }

        if (usage is { UsedShorterPrompt: true }) _warmer.Warm(plain.Prompt);
        if (finish == FinishReason.Cancelled && !cancellationToken.IsCancellationRequested) finish = FinishReason.StopRule;
        var text = shaper.Finish(endedByModel: finish is FinishReason.EndOfText or FinishReason.StopRule);
        yield return new Suggestion(text, finish, usage) { Fault = fault, Scores = scores.All };
    }

    /// <summary>The model's own text for a place, with its tokens' scores, and nothing cut: what shaping would get. For evaluation.</summary>
    internal async Task<IReadOnlyList<GenerationChunk>> GenerateRawAsync(SuggestionRequest request, CancellationToken cancellationToken)
    {
        var chunks = new List<GenerationChunk>();
        if (Generation(request, await PromptsAsync(cancellationToken)) is not { } generation) return chunks;
        await foreach (var chunk in engine.GenerateAsync(generation, cancellationToken)) chunks.Add(chunk);
        return chunks;
    }

    /// <summary>What the engine is asked, without any rule to stop by; null where there is nothing to ask from.</summary>
    private GenerationRequest? Generation(SuggestionRequest request, PromptBuilder prompts)
    {
        // What the settings ask for may be more than this model can take.
        var maxTokens = Math.Min(request.MaxTokens, Math.Max(1, engine.MaxSequenceTokens / 4));
        var budget = request.Prompt.Within(engine.MaxSequenceTokens - maxTokens - PromptBuilder.MaxOverhead(request.Path));
        var prompt = prompts.Build(request.Text, request.Cursor, request.Path, budget);
        if (prompt.Count == 0) return null;
        return new GenerationRequest(prompt)
        {
            ShorterPrompts = Shorter(prompts, request, budget, prompt),
            PromptBudget = budget.Budget,
            MaxTokens = maxTokens,
            ScoreTokens = true,
            Priority = request.Priority,
            Superseded = request.Superseded,
        };
    }

    /// <summary>Who asked by hand waits for the whole.</summary>
    private static List<IReadOnlyList<int>> Shorter(PromptBuilder prompts, SuggestionRequest request, PromptOptions budget, IReadOnlyList<int> prompt)
    {
        var shorter = new List<IReadOnlyList<int>>(s_divisors.Length);
        if (request.Priority != RequestPriority.Automatic) return shorter;
        foreach (var divisor in s_divisors)
        {
            var tokens = prompts.Build(request.Text, request.Cursor, request.Path, budget.DividedBy(divisor));
            if (tokens.Count > 0 && tokens.Count < prompt.Count) shorter.Add(tokens);
        }

        return shorter;
    }

    /// <summary>Null where the model is not loaded by the deadline.</summary>
    private async ValueTask<PromptBuilder?> PromptsWithinAsync(TimeSpan? deadline, CancellationToken cancellationToken)
    {
        if (deadline is not { } limit || engine.Ready.IsCompleted) return await PromptsAsync(cancellationToken);
        try
        {
            await engine.Ready.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }

        return await PromptsAsync(cancellationToken);
    }

    private async ValueTask<PromptBuilder> PromptsAsync(CancellationToken cancellationToken)
    {
        if (_prompts is { } known) return known;
        var vocabulary = await engine.Ready.WaitAsync(cancellationToken);
        return _prompts = new PromptBuilder(vocabulary, FimTemplate.For(vocabulary));
    }
}
