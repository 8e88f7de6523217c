using System.Text.Json;

namespace Infill.Engine.Remote;

/// <summary>llama-server's <c>/infill</c>, and that of others who have it: the server makes the prompt, and takes no text for a marker.</summary>
internal sealed class LlamaServerDialect(string model) : IDialectReading
{
    public string Description => $"llama-server's /infill, model {model}";

    public string Path => "infill";

    public (byte[] Body, IReadOnlyList<string> Stops) Write(RemoteRequest request)
    {
        var message = new InfillMessage(request.Prefix, request.Suffix, [.. request.Files.Select(static file => new InfillExtra(file.Path, file.Text))], request.MaxTokens)
        {
            NProbs = request.ScoreTokens ? 1 : null,
            Healing = request.Heals,
            Stop = request.StopStrings.Count > 0 ? request.StopStrings : null,
        };
        return (JsonSerializer.SerializeToUtf8Bytes(message, RemoteJsonContext.Default.InfillMessage), []);
    }

    public RemoteEvent Read(ReadOnlySpan<byte> data)
    {
        var chunk = JsonSerializer.Deserialize(data, RemoteJsonContext.Default.InfillChunk) ?? throw new JsonException("The event is null.");
        if (chunk.Error is not null) throw new RemoteException("told of an error in the middle of its answer");
        if (chunk is { Content: null, Stop: false }) throw new JsonException("The event has no text.");
        var text = chunk.Content ?? "";
        return new RemoteEvent(text)
        {
            Tokens = TokenPieces.Of(text, chunk.CompletionProbabilities, static each => (each.Token, each.Logprob)),
            Finish = !chunk.Stop ? FinishReason.None : chunk.StopType switch
            {
                "word" => FinishReason.StopRule,
                "limit" => FinishReason.TokenLimit,
                _ => FinishReason.EndOfText,
            },
            IsLast = chunk.Stop,
            Reported = UsageOf(chunk),
        };
    }

    private static ReportedUsage UsageOf(InfillChunk chunk)
    {
        var timings = chunk.Timings;
        return new ReportedUsage(
            timings is { PromptN: { } computed, CacheN: { } cached } ? computed + cached : chunk.TokensEvaluated,
            timings?.CacheN,
            timings?.PredictedN ?? chunk.TokensPredicted,
            timings?.PromptMs is { } prompt ? TimeSpan.FromMilliseconds(prompt) : null,
            timings?.PredictedMs is { } predicted ? TimeSpan.FromMilliseconds(predicted) : null);
    }
}
