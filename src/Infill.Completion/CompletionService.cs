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

        // What the settings ask for may be more than this model can take.
        var maxTokens = Math.Min(request.MaxTokens, Math.Max(1, engine.MaxSequenceTokens / 4));
        var budget = request.Prompt.Within(engine.MaxSequenceTokens - maxTokens - PromptBuilder.MaxOverhead(request.Path));
        var prompt = prompts.Build(request.Text, request.Cursor, request.Path, budget);
        if (prompt.Count == 0) // nothing before the cursor, and a model that knows of nothing else
        {
            yield return new Suggestion("", FinishReason.EndOfText);
            yield break;
        }

        var context = SuggestionContext.At(request.Text, request.Cursor, request.Shaping);
        var shaper = new CompletionShaper(context);
        var generation = new GenerationRequest(prompt)
        {
            ShorterPrompts = Shorter(prompts, request, budget, prompt),
            PromptBudget = budget.Budget,
            MaxTokens = maxTokens,
            StopStrings = context.Mode == SuggestionMode.SingleLine ? ["\n"] : [],
            Priority = request.Priority,
            Deadline = request.Deadline - time.GetElapsedTime(began), // what waiting for the model has left of it
            Superseded = request.Superseded,
        };

        var finish = FinishReason.None;
        Usage? usage = null;
        string? fault = null;

        // The shaper's verdict stops the sequence; its last chunk still comes, and says what it cost.
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await foreach (var chunk in engine.GenerateAsync(generation, enough.Token))
        {
            if (!shaper.IsDone)
            {
                shaper.Append(chunk.Text);
                if (chunk.Finish == FinishReason.None && shaper.TryGetSnapshot(out var snapshot)) yield return new Suggestion(snapshot);
                if (shaper.IsDone) await enough.CancelAsync();
            }

            if (chunk.Finish != FinishReason.None) (finish, usage, fault) = (chunk.Finish, chunk.Usage, chunk.Fault);
        }

        if (usage is { UsedShorterPrompt: true }) _warmer.Warm(prompt);
        if (finish == FinishReason.Cancelled && !cancellationToken.IsCancellationRequested) finish = FinishReason.StopRule;
        var text = shaper.Finish(endedByModel: finish is FinishReason.EndOfText or FinishReason.StopRule);
        yield return new Suggestion(text, finish, usage) { Fault = fault };
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
