using Infill.Engine;
using Infill.Server.Benchmarking.Peers;

namespace Infill.Server.Benchmarking.Load;

/// <summary>One side under load: token ids in, tokens out. Any thread.</summary>
internal interface ILoadSide
{
    string Name { get; }

    /// <summary>Requests that it runs at once.</summary>
    int Slots { get; }

    /// <summary>Generates the whole at once.</summary>
    /// <returns>The tokens.</returns>
    Task<IReadOnlyList<int>> GenerateAsync(IReadOnlyList<int> prompt, int tokens, CancellationToken cancellationToken);

    /// <summary>Streams tokens, and returns when the side is heard to have ended it.</summary>
    /// <param name="prompt">Token ids.</param>
    /// <param name="tokens">Tokens to generate at most.</param>
    /// <param name="onToken">Called for each as it comes.</param>
    /// <param name="slot">Which slot a peer is to use; ours chooses by itself.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>Tokens computed after the stop, where the side tells.</returns>
    Task<int?> StreamAsync(IReadOnlyList<int> prompt, int tokens, Action onToken, int? slot, CancellationToken stop);
}

/// <summary>Our engine, in this process.</summary>
internal sealed class EngineSide(CompletionEngine engine, EngineOptions options) : ILoadSide
{
    public string Name => BenchReport.Ours;

    public int Slots => options.MaxRunning;

    public async Task<IReadOnlyList<int>> GenerateAsync(IReadOnlyList<int> prompt, int tokens, CancellationToken cancellationToken)
    {
        var generated = new List<int>(tokens);
        await foreach (var chunk in engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = tokens, TraceTokens = true, IgnoreEndOfText = true }, cancellationToken))
        {
            generated.AddRange(chunk.Tokens.Select(static traced => traced.Token));
        }

        return generated;
    }

    public async Task<int?> StreamAsync(IReadOnlyList<int> prompt, int tokens, Action onToken, int? slot, CancellationToken stop)
    {
        int? afterStop = null;
        await foreach (var chunk in engine.GenerateAsync(new GenerationRequest(prompt) { MaxTokens = tokens, TraceTokens = true, IgnoreEndOfText = true }, stop))
        {
            for (var i = 0; i < chunk.Tokens.Count; i++) onToken();
            if (chunk.Usage is { } usage) afterStop = usage.TokensAfterStop;
        }

        return afterStop;
    }
}

/// <summary>A llama-server.</summary>
internal sealed class PeerSide(PeerClient peer) : ILoadSide
{
    public string Name => peer.Name;

    public int Slots => peer.Properties.TotalSlots;

    public async Task<IReadOnlyList<int>> GenerateAsync(IReadOnlyList<int> prompt, int tokens, CancellationToken cancellationToken) =>
        (await peer.CompleteAsync(new PeerCompletion(prompt) { MaxTokens = tokens, IgnoreEos = true, ReturnTokens = true }, cancellationToken)).Tokens ?? [];

    public async Task<int?> StreamAsync(IReadOnlyList<int> prompt, int tokens, Action onToken, int? slot, CancellationToken stop)
    {
        try
        {
            await foreach (var chunk in peer.StreamAsync(new PeerCompletion(prompt) { MaxTokens = tokens, IgnoreEos = true, IdSlot = slot }, stop))
            {
                if (!chunk.Stop) onToken();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The connection is closed; what the server does about it, it doesn't say.
        }

        return null;
    }
}
