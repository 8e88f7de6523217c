using System.Runtime.CompilerServices;
using System.Text;
using Infill.Completion.Alternatives;
using Infill.Completion.Prompting;
using Infill.Completion.Shaping;
using Infill.Engine;

namespace Infill.Completion;

/// <summary>Snapshot → prompt → engine → shaped suggestion. Any thread.</summary>
public sealed class CompletionService
{
    /// <summary>How much shorter a prompt gets where the whole would take too long: the first that fits its budget is used.</summary>
    private static readonly int[] s_divisors = [4, 8, 16];

    private readonly CompletionEngine _engine;
    private readonly TimeProvider _time;
    private readonly PromptWarmer _warmer;
    private readonly LastTexts _texts = new();
    private readonly TemplateOptions _template;
    private readonly Lock _gate = new();
    private Task<PromptBuilder>? _prompts; // guarded by _gate; made when it is first waited for

    /// <param name="engine">Generates; its owner disposes it.</param>
    /// <param name="time">Clock of deadlines.</param>
    /// <param name="template">How the model is to be prompted; without it as it says itself.</param>
    public CompletionService(CompletionEngine engine, TimeProvider time, TemplateOptions? template = null)
    {
        _engine = engine;
        _time = time;
        _warmer = new PromptWarmer(engine);
        _template = template ?? TemplateOptions.Trusting;
    }

    /// <summary>Completes when the model is loaded and its template settled.</summary>
    /// <exception cref="EngineException">It could not be.</exception>
    public Task ReadyAsync(CancellationToken cancellationToken) => PromptsAsync().WaitAsync(cancellationToken);

    /// <summary>Streams a suggestion as it grows. The last item says why it ended; an empty text means 'nothing here'.</summary>
    /// <remarks>Generation stops when the shaper has all it will show, when a token is cancelled, or when the caller stops reading.</remarks>
    /// <exception cref="EngineException">The model could not be loaded, or no template works on it.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while the model was loading.</exception>
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

    /// <summary>Generates and shapes; the last suggestion, and it alone, says why it ended.</summary>
    private async IAsyncEnumerable<Suggestion> ShapedAsync(SuggestionRequest request, GenerationRequest plain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var language = CodeLanguage.ById(request.Language.Length > 0 ? request.Language : CodeLanguage.IdOf(request.Path));
        var context = NewContext();
        var shaper = new CompletionShaper(context);
        var scores = new FirstLineScores();
        var threshold = request.Priority == RequestPriority.Invoked ? double.NegativeInfinity : request.Shaping.Threshold;
        var gate = new ConfidenceGate(threshold);
        var generation = plain with
        {
            StopStrings = context.Mode == SuggestionMode.SingleLine ? ["\n"] : [], // said in so many words, that no token behind it is guessed
            StopRule = new ShaperStopRule(NewContext(), threshold), // the engine's thread reads it as it goes
        };

        var finish = FinishReason.None;
        Usage? usage = null;
        string? fault = null;
        var written = new StringBuilder();

        // The shaper's verdict stops the sequence; its last chunk still comes, and says what it cost.
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var others = request.Candidates > 1 ? new AlternativeTexts(_engine, generation, NewContext, request.Candidates - 1, _time, cancellationToken) : null;
        await foreach (var chunk in _engine.GenerateAsync(generation, enough.Token))
        {
            others?.Take(chunk);
            written.Append(chunk.Text);
            scores.Append(chunk);
            foreach (var token in chunk.Tokens) gate.Push(token.LogProbability, token.Length);
            if (!shaper.IsDone)
            {
                shaper.Append(chunk.Text);
                if (chunk.Finish == FinishReason.None && gate.IsShown == true && shaper.TryGetSnapshot(out var snapshot)) yield return new Suggestion(snapshot);
                if (shaper.IsDone || gate.IsShown == false) await enough.CancelAsync();
            }

            if (chunk.Finish != FinishReason.None) (finish, usage, fault) = (chunk.Finish, chunk.Usage, chunk.Fault);
        }

        _texts.Remember(request.Path, request.Text, request.Cursor, written.ToString());
        if (finish == FinishReason.Cancelled && !cancellationToken.IsCancellationRequested) finish = FinishReason.StopRule;
        var text = shaper.Finish(endedByModel: finish is FinishReason.EndOfText or FinishReason.StopRule);
        gate.End();
        IReadOnlyList<string> alternatives = others is null ? [] : await others.DifferentFromAsync(text);
        if (text.Length == 0 && alternatives.Count > 0) (text, alternatives) = (alternatives[0], [.. alternatives.Skip(1)]);
        yield return new Suggestion(gate.IsShown == true ? text : "", finish, usage) { Fault = fault, Scores = scores.All, Alternatives = alternatives };

        // Each reader has one of its own: it is lazy, and knows no locks.
        SuggestionContext NewContext() => SuggestionContext.At(request.Text, request.Cursor, request.Shaping, language);
    }

    /// <summary>What the prompt at a place is made of: the whole one, which an automatic suggestion at a new place may have no time for.</summary>
    /// <exception cref="EngineException">The model could not be loaded, or no template works on it.</exception>
    public async Task<PromptExplanation> ExplainAsync(SuggestionRequest request, CancellationToken cancellationToken)
    {
        var prompts = await PromptsAsync().WaitAsync(cancellationToken);
        var (names, budget, files) = Sources(request, prompts);
        return PromptExplanation.Of(prompts, request.Text, request.Cursor, names, budget, files);
    }

    /// <summary>The model's own text for a place, with its tokens' scores, and nothing cut: what shaping would get. For evaluation.</summary>
    internal async Task<IReadOnlyList<GenerationChunk>> GenerateRawAsync(SuggestionRequest request, CancellationToken cancellationToken)
    {
        var chunks = new List<GenerationChunk>();
        if (Generation(request, await PromptsAsync().WaitAsync(cancellationToken)) is not { } generation) return chunks;
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

    /// <summary>The same for everybody who asks: a template proves itself once.</summary>
    private Task<PromptBuilder> PromptsAsync()
    {
        lock (_gate) return _prompts ??= TemplateSelection.SelectAsync(_engine, _template);
    }

    /// <summary>Null where the model is not there by the deadline.</summary>
    private async ValueTask<PromptBuilder?> PromptsWithinAsync(TimeSpan? deadline, CancellationToken cancellationToken)
    {
        var prompts = PromptsAsync();
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
