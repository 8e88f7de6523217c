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
        lock (_gate)
        {
            if (_current is { } current)
            {
                if (IsSamePlace(current.Prompt, prompt)) return;
                current.Stop.Cancel();
            }

            _ = Begin(prompt, CancellationToken.None);
        }
    }

    /// <summary>For what can wait: does nothing while another prompt is under way, and gives way to one that comes.</summary>
    /// <returns>Whether the prompt was computed to its end.</returns>
    public Task<bool> TryWarmAsync(IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        lock (_gate) return _current is null ? Begin(prompt, cancellationToken) : Task.FromResult(false);
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

    /// <remarks>Under the lock.</remarks>
    private Task<bool> Begin(IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        var warming = _current = new Warming(prompt, CancellationTokenSource.CreateLinkedTokenSource(cancellationToken));
        return Task.Run(() => RunAsync(warming));
    }

    private async Task<bool> RunAsync(Warming warming)
    {
        var finish = FinishReason.None;
        try
        {
            var request = new GenerationRequest(warming.Prompt) { MaxTokens = 1, Priority = RequestPriority.LookAhead };
            await foreach (var chunk in engine.GenerateAsync(request, warming.Stop.Token).ConfigureAwait(false))
            {
                finish = chunk.Finish; // the engine keeps what it computes; the text is nobody's
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

        return finish is FinishReason.TokenLimit or FinishReason.EndOfText;
    }

    private sealed record Warming(IReadOnlyList<int> Prompt, CancellationTokenSource Stop);
}
