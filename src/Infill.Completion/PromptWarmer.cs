using Infill.Engine;

namespace Infill.Completion;

/// <summary>Has a prompt computed that a suggestion had no time for, behind all that somebody waits for, so that the next one finds it cached.</summary>
/// <remarks>One at a time: who types on stays at the place, and who goes elsewhere needs the other no more. Any thread.</remarks>
internal sealed class PromptWarmer(CompletionEngine engine)
{
    private readonly Lock _gate = new();
    private Warming? _current; // guarded by _gate

    /// <summary>Returns at once. Where the prompt under way is for the same place, that one goes on.</summary>
    public void Warm(IReadOnlyList<int> prompt)
    {
        Warming warming;
        lock (_gate)
        {
            if (_current is { } current)
            {
                if (IsSamePlace(current.Prompt, prompt)) return;
                current.Stop.Cancel();
            }

            _current = warming = new Warming(prompt, new CancellationTokenSource());
        }

        _ = RunAsync(warming);
    }

    /// <summary>The next keys' prompts begin as this one does, but for the few tokens at its end.</summary>
    private static bool IsSamePlace(IReadOnlyList<int> warming, IReadOnlyList<int> prompt)
    {
        var least = Math.Min(warming.Count, prompt.Count) * 3 / 4;
        for (var i = 0; i < least; i++)
        {
            if (warming[i] != prompt[i]) return false;
        }

        return true;
    }

    private async Task RunAsync(Warming warming)
    {
        try
        {
            var request = new GenerationRequest(warming.Prompt) { MaxTokens = 1, Priority = RequestPriority.LookAhead };
            await foreach (var _ in engine.GenerateAsync(request, warming.Stop.Token).ConfigureAwait(false))
            {
                // The engine keeps what it computes; the text is nobody's.
            }
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException)
        {
            // Whoever asks for a suggestion is told what is wrong.
        }
        finally
        {
            lock (_gate)
            {
                if (_current == warming) _current = null;
            }

            warming.Stop.Dispose();
        }
    }

    private sealed record Warming(IReadOnlyList<int> Prompt, CancellationTokenSource Stop);
}
