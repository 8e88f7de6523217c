using System.Runtime.CompilerServices;
using System.Text;
using Infill.Completion.Alternatives;
using Infill.Completion.Prompting;
using Infill.Engine;

namespace Infill.Completion;

/// <summary>Snapshot → prompt → engine → shaped suggestion, by this process's own engine. Any thread.</summary>
public sealed class CompletionService : ISuggestionService
{
    /// <summary>How much shorter a prompt gets where the whole would take too long: the first that fits its budget is used.</summary>
    private static readonly int[] s_divisors = [4, 8, 16];

    private readonly CompletionEngine _engine;
    private readonly TimeProvider _time;
    private readonly PromptWarmer _warmer;
    private readonly LastTexts _texts = new();
    private readonly ModelPrompts _prompts;

    /// <param name="engine">Generates; its owner disposes it.</param>
    /// <param name="time">Clock of deadlines.</param>
    /// <param name="template">How the model is to be prompted; without it as it says itself.</param>
    public CompletionService(CompletionEngine engine, TimeProvider time, TemplateOptions? template = null)
    {
        _engine = engine;
        _time = time;
        _warmer = new PromptWarmer(engine);
        _prompts = new ModelPrompts(engine, template ?? TemplateOptions.Trusting);
    }

    /// <inheritdoc/>
    /// <remarks>When the model is loaded and its template settled.</remarks>
    public Task ReadyAsync(CancellationToken cancellationToken) => _prompts.ReadyAsync().WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Suggestion> SuggestAsync(
        SuggestionRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var began = _time.GetTimestamp();
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

        for (var generation = plain; ;)
        {
            Suggestion? last = null;
            await foreach (var suggestion in ShapedAsync(request, generation with { Deadline = request.Deadline - _time.GetElapsedTime(began) }, cancellationToken))
            {
                if (suggestion.Finish != FinishReason.None) last = suggestion; // always the last
                else yield return suggestion;
            }

            // What a part of the text has nothing for, the whole may yet have: that there is nothing here is said of the whole alone.
            var isSettled = last is not { Text.Length: 0, Usage.UsedShorterPrompt: true, Finish: FinishReason.EndOfText or FinishReason.StopRule or FinishReason.TokenLimit };
            if (isSettled && last is { Usage.UsedShorterPrompt: true }) _warmer.Warm(plain.Prompt);
            if (isSettled)
            {
                yield return last!;
                yield break;
            }

            generation = plain with { ShorterPrompts = [] };
        }
    }

    /// <inheritdoc/>
    public async Task<bool> PrepareAsync(SuggestionRequest request, CancellationToken cancellationToken) =>
        Generation(request, await _prompts.ReadyAsync().WaitAsync(cancellationToken)) is { } generation && await _warmer.TryWarmAsync(generation.Prompt, cancellationToken);

    /// <summary>Generates and shapes, and remembers what was written.</summary>
    private async IAsyncEnumerable<Suggestion> ShapedAsync(SuggestionRequest request, GenerationRequest plain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shaped = new ShapedGeneration(request);
        var generation = plain with { StopStrings = shaped.StopStrings, StopRule = shaped.StopRule };
        await using var others = request.Candidates > 1 ? new AlternativeTexts(_engine, generation, shaped.NewContext, request.Candidates - 1, _time, cancellationToken) : null;
        await foreach (var suggestion in shaped.ReadAsync(ended => Watched(_engine.GenerateAsync(generation, ended), others), cancellationToken))
        {
            if (suggestion.Finish == FinishReason.None)
            {
                yield return suggestion;
                continue;
            }

            _texts.Remember(request.Path, request.Text, request.Cursor, shaped.Written);
            IReadOnlyList<string> alternatives = others is null ? [] : await others.DifferentFromAsync(suggestion.Text);
            yield return suggestion.Text.Length == 0 && alternatives is [var likeliest, ..]
                ? suggestion with { Text = likeliest, Alternatives = [.. alternatives.Skip(1)] }
                : suggestion with { Alternatives = alternatives };
        }
    }

    /// <summary>The same chunks, which the other texts hear too.</summary>
    private static IAsyncEnumerable<GenerationChunk> Watched(IAsyncEnumerable<GenerationChunk> chunks, AlternativeTexts? others)
    {
        return others is null ? chunks : WatchedAsync();

        async IAsyncEnumerable<GenerationChunk> WatchedAsync()
        {
            await foreach (var chunk in chunks)
            {
                others.Take(chunk);
                yield return chunk;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>The whole prompt, which an automatic suggestion at a new place may have no time for.</remarks>
    public async Task<PromptExplanation> ExplainAsync(SuggestionRequest request, CancellationToken cancellationToken)
    {
        var prompts = await _prompts.ReadyAsync().WaitAsync(cancellationToken);
        var (names, budget, files) = Sources(request, prompts);
        return PromptExplanation.Of(prompts, request.Text, request.Cursor, names, budget, files);
    }

    /// <summary>The model's own text for a place, with its tokens' scores, and nothing cut: what shaping would get. For evaluation.</summary>
    internal async Task<IReadOnlyList<GenerationChunk>> GenerateRawAsync(SuggestionRequest request, CancellationToken cancellationToken)
    {
        var chunks = new List<GenerationChunk>();
        if (Generation(request, await _prompts.ReadyAsync().WaitAsync(cancellationToken)) is not { } generation) return chunks;
        await foreach (var chunk in _engine.GenerateAsync(generation, cancellationToken)) chunks.Add(chunk);
        return chunks;
    }

    /// <summary>What the engine is asked, without any rule to stop by; null where there is nothing to ask from.</summary>
    private GenerationRequest? Generation(SuggestionRequest request, PromptBuilder prompts)
    {
        var maxTokens = MaxTokens(request);
        var (names, budget, files) = Sources(request, prompts);
        var asked = prompts.Request(request.Text, request.Cursor, names, budget, files);
        if (asked.Prompt.Count == 0) return null;
        return asked with
        {
            ShorterPrompts = Shorter(prompts, request, names, budget, asked, files.Count > 0),
            PromptBudget = budget.Budget,
            DraftHints = Hints(prompts, asked, _texts.Rest(request.Path, request.Text, request.Cursor)),
            MaxTokens = Math.Min(maxTokens + TakenBack(prompts, asked), _engine.MaxSequenceTokens - asked.Prompt.Count), // what is there already is no part of them
            ScoreTokens = true,
            Alternatives = request.Candidates > 1 ? AlternativeTexts.TokensLookedAt : 0,
            Client = request.Client,
            Priority = request.Priority,
            Superseded = request.Superseded,
        };
    }

    /// <summary>What the settings ask for may be more than this model can take.</summary>
    private int MaxTokens(SuggestionRequest request) => Math.Min(request.MaxTokens, Math.Max(1, _engine.MaxSequenceTokens / 4));

    private (FileNames Names, PromptOptions Budget, List<ContextFile> Files) Sources(SuggestionRequest request, PromptBuilder prompts)
    {
        var names = new FileNames(request.Path, request.Repository);
        var budget = request.Prompt.Within(_engine.MaxSequenceTokens - MaxTokens(request) - prompts.Template.MaxOverhead(names));
        return (names, budget, prompts.Files(request.Context, budget.ContextTokens));
    }

    private static int TakenBack(PromptBuilder prompts, GenerationRequest asked) =>
        asked.Start.IsEmpty ? 0 : prompts.Tokens(Encoding.UTF8.GetString(asked.Start.Span)).Count;

    /// <summary>What is left of the last text, as it would be generated: with what was taken back before it.</summary>
    private static List<int> Hints(PromptBuilder prompts, GenerationRequest asked, string rest) =>
        rest.Length == 0 ? [] : prompts.Tokens(Encoding.UTF8.GetString(asked.Start.Span) + rest);

    /// <summary>Other files go first, then the document's own text gets less. Who asked by hand waits for the whole.</summary>
    private static List<IReadOnlyList<int>> Shorter(
        PromptBuilder prompts, SuggestionRequest request, FileNames names, PromptOptions budget, GenerationRequest whole, bool hasFiles)
    {
        var shorter = new List<IReadOnlyList<int>>(s_divisors.Length);
        if (request.Priority != RequestPriority.Automatic) return shorter;
        foreach (var divisor in hasFiles ? [1, .. s_divisors] : s_divisors)
        {
            var less = prompts.Request(request.Text, request.Cursor, names, budget.DividedBy(divisor));
            if (less.Prompt.Count == 0 || less.Prompt.Count >= whole.Prompt.Count) continue;
            if (less.Start.Span.SequenceEqual(whole.Start.Span)) shorter.Add(less.Prompt); // the same text is to go on
        }

        return shorter;
    }

    /// <summary>Null where the model is not there by the deadline.</summary>
    private async ValueTask<PromptBuilder?> PromptsWithinAsync(TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var prompts = _prompts.ReadyAsync();
        if (deadline is not { } limit || prompts.IsCompleted) return await prompts.WaitAsync(cancellationToken);
        try
        {
            return await prompts.WaitAsync(limit, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
