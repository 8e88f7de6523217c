using System.Text.Json;

namespace Infill.Engine.Remote;

/// <summary>OpenAI's <c>/v1/completions</c>, as vLLM, LMDeploy, SGLang, TGI and Ollama have it.</summary>
/// <param name="model">Its name there.</param>
/// <param name="writer">Makes the prompt; null leaves that to the server, by <c>suffix</c>.</param>
internal sealed class OpenAiDialect(string model, IPromptWriter? writer) : IDialectReading
{
    private const int MostStops = 4; // OpenAI's own limit; further ones are seen on this side

    public string Description => writer is null ? $"/v1/completions with suffix, model {model}" : $"/v1/completions, model {model}, template {writer.Name}";

    public string Path => "v1/completions";

    public (byte[] Body, IReadOnlyList<string> Stops) Write(RemoteRequest request)
    {
        var prompt = writer?.Write(request) ?? new RemotePrompt(request.Prefix, []);
        IReadOnlyList<string> stops = [.. request.StopStrings.Concat(prompt.Stops).Take(MostStops)];
        var message = new CompletionMessage(model, prompt.Text, request.MaxTokens)
        {
            Suffix = writer is null ? request.Suffix : null,
            Logprobs = request.ScoreTokens ? 1 : null,
            Stop = stops.Count > 0 ? stops : null,
        };
        return (JsonSerializer.SerializeToUtf8Bytes(message, RemoteJsonContext.Default.CompletionMessage), prompt.Stops);
    }

    public RemoteEvent Read(ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual("[DONE]"u8)) return RemoteEvent.Nothing with { IsLast = true };
        var chunk = JsonSerializer.Deserialize(data, RemoteJsonContext.Default.CompletionChunk) ?? throw new JsonException("The event is null.");
        if (chunk.Error is not null) throw new RemoteException("told of an error in the middle of its answer");
        if (chunk is { Choices: null, Usage: null }) throw new JsonException("The event has no choices.");
        var reported = chunk.Usage is { } usage ? new ReportedUsage(usage.PromptTokens, usage.PromptTokensDetails?.CachedTokens, usage.CompletionTokens) : null;
        if (chunk.Choices is not [var choice, ..]) return RemoteEvent.Nothing with { Reported = reported }; // the usage comes by itself
        var text = choice.Text ?? "";
        return new RemoteEvent(text) { Tokens = TokensOf(text, choice.Logprobs), Finish = FinishOf(choice), Reported = reported };
    }

    private static IReadOnlyList<TracedToken> TokensOf(string text, CompletionLogprobs? scored) =>
        scored is { Tokens: { } tokens, TokenLogprobs: { } logProbabilities } && tokens.Count == logProbabilities.Count
            ? TokenPieces.Of(text, [.. tokens.Zip(logProbabilities)], static each => (each.First, each.Second))
            : [];

    private static FinishReason FinishOf(CompletionChoice choice) => choice.FinishReason switch
    {
        null or "" => FinishReason.None,
        "length" => FinishReason.TokenLimit,
        "stop" => choice.StopReason is { ValueKind: JsonValueKind.String } ? FinishReason.StopRule : FinishReason.EndOfText,
        "abort" or "error" => throw new RemoteException("gave up in the middle of its answer"),
        _ => FinishReason.EndOfText,
    };
}
