using Infill.Completion.Prompting;
using Infill.Engine;
using Infill.Server.Benchmarking.Traces;
using Infill.Server.Settings;

namespace Infill.Server.Benchmarking.Typing;

/// <summary>Our engine in this process: key → prompt → first chunk.</summary>
internal sealed class EngineTypist(CompletionEngine engine, IVocabulary vocabulary, InfillSettings settings) : ITypist
{
    private readonly PromptBuilder _prompts = new(vocabulary, FimTemplate.For(vocabulary));

    public string Side => BenchReport.Ours;

    public ValueTask OpenAsync(TypingTrace trace) => ValueTask.CompletedTask;

    public async Task<KeyAnswer> PressAsync(TypingTrace trace, TraceKey key, CancellationToken next)
    {
        string[] stops = key.IsTextAfter ? ["\n"] : [];
        var answer = new AnswerClock(TimeProvider.System);
        var request = new GenerationRequest(_prompts.Build(key.Text, key.Cursor, trace.File.Name, settings.Prompt))
        {
            MaxTokens = settings.MaxTokens,
            StopStrings = stops,
            Superseded = next,
        };

        var text = "";
        var computed = 0;
        using var enough = new CancellationTokenSource();
        await foreach (var chunk in engine.GenerateAsync(request, enough.Token))
        {
            text += chunk.Text;
            answer.Take(text);
            if (chunk.Finish is not (FinishReason.None or FinishReason.Superseded)) answer.End();
            if (chunk.Usage is { } usage) computed = usage.PromptTokens - usage.CachedTokens;
            if (answer.IsLineComplete && chunk.Finish == FinishReason.None) await enough.CancelAsync();
        }

        return answer.ToAnswer(computed);
    }

    public ValueTask DisposeAsync() => engine.DisposeAsync();
}
