using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Infill.Engine;
using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary><c>/v1/completions</c>, as OpenAI has it, with its <c>suffix</c>.</summary>
internal sealed class OpenAiEndpoint(ServedModel model, RequestGuard guard, TimeProvider time)
{
    private const int MostChoices = 8;
    private const int MostLogProbabilities = 5; // OpenAI's own limit
    private const int DefaultTokens = 16;       // OpenAI's
    private long _lastId;

    public async Task CompleteAsync(HttpContext context)
    {
        var body = await Exchange.ReadAsync(context, BodyJsonContext.Default.OpenAiBody);
        Check(body);
        var vocabulary = await model.VocabularyAsync(context.RequestAborted);
        var request = await RequestAsync(context, body, vocabulary);
        var answer = new Answer(body, $"cmpl-{Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture)}", model.Name, time.GetUtcNow().ToUnixTimeSeconds(), vocabulary);
        if (body.Stream == true) await StreamAsync(context, body, request, answer);
        else await AnswerAsync(context, body, request, answer);
    }

    private static void Check(OpenAiBody body)
    {
        if (body.N is < 1 or > MostChoices) throw ApiException.BadRequest($"'n' is {body.N}; it must be between 1 and {MostChoices}.");
        if (body.BestOf is { } best && best != (body.N ?? 1)) throw ApiException.BadRequest("'best_of' is not supported; leave it out.");
        if (body.Logprobs is < 0 or > MostLogProbabilities) throw ApiException.BadRequest($"'logprobs' is {body.Logprobs}; it must be between 0 and {MostLogProbabilities}.");
        if (body.PresencePenalty is not (null or 0)) throw ApiException.BadRequest("'presence_penalty' is not supported; leave it out.");
        if (body.FrequencyPenalty is not (null or 0)) throw ApiException.BadRequest("'frequency_penalty' is not supported; leave it out.");
        if (body.LogitBias is { ValueKind: JsonValueKind.Object } bias && bias.EnumerateObject().Any()) throw ApiException.BadRequest("'logit_bias' is not supported; leave it out.");
        if (body.Echo == true && body.Prompt is not { ValueKind: JsonValueKind.String }) throw ApiException.BadRequest("'echo' needs a prompt that is text.");
        if (body.Echo == true && body.Logprobs is not null) throw ApiException.BadRequest("'echo' together with 'logprobs' is not supported; leave one of them out.");
    }

    private async Task<GenerationRequest> RequestAsync(HttpContext context, OpenAiBody body, IVocabulary vocabulary)
    {
        GenerationRequest request;
        if (body.Suffix is { Length: > 0 } suffix)
        {
            if (body.Prompt is not { ValueKind: JsonValueKind.String } prefix) throw ApiException.BadRequest("With 'suffix' the 'prompt' must be text: what stands before the cursor.");
            var maxTokens = Math.Min(RequestReader.MaxTokens(body.MaxTokens ?? DefaultTokens, promptTokens: 0, model), Math.Max(1, model.Engine.MaxSequenceTokens / 4));
            request = await model.AroundCursorAsync(prefix.GetString()!, suffix, [], maxTokens, heals: body.Logprobs is null, context.RequestAborted);
        }
        else
        {
            var prompt = RequestReader.Prompt(model, vocabulary, body.Prompt);
            request = new GenerationRequest(prompt) { MaxTokens = RequestReader.MaxTokens(body.MaxTokens ?? DefaultTokens, prompt.Count, model) };
        }

        return request with
        {
            Sampling = RequestReader.Sampling(body.Temperature, body.TopK, body.TopP, body.Seed),
            StopStrings = RequestReader.Stops(body.Stop),
            Client = string.IsNullOrEmpty(body.User) ? guard.ClientOf(context) : $"{body.User[..Math.Min(body.User.Length, 64)]} ({guard.ClientOf(context)})",
            ScoreTokens = body.Logprobs is not null,
            Alternatives = body.Logprobs ?? 0,
        };
    }

    private async Task AnswerAsync(HttpContext context, OpenAiBody body, GenerationRequest request, Answer answer)
    {
        var generations = await Task.WhenAll(Enumerable.Range(0, body.N ?? 1).Select(index => ReadWholeAsync(Of(request, index), context.RequestAborted)));
        if (context.RequestAborted.IsCancellationRequested) return; // nobody hears it
        var choices = new JsonArray();
        var echo = body.Echo == true ? body.Prompt!.Value.GetString() : "";
        foreach (var (text, tokens, last) in generations)
        {
            choices.Add((JsonNode)answer.Choice(choices.Count, echo + text, tokens, offset: 0, last.Finish));
        }

        var whole = answer.Whole(choices);
        whole["usage"] = Answer.Usage([.. generations.Select(static each => each.Last.Usage!)]);
        await Exchange.WriteAsync(context, whole);
    }

    private async Task StreamAsync(HttpContext context, OpenAiBody body, GenerationRequest request, Answer answer)
    {
        var count = body.N ?? 1;
        var merged = Channel.CreateBounded<(int Index, GenerationChunk Chunk)>(count);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var generations = Task.WhenAll(Enumerable.Range(0, count).Select(index => PumpAsync(Of(request, index), index, merged.Writer, ended)));
        _ = generations.ContinueWith(done => merged.Writer.Complete(done.Exception?.InnerException), TaskScheduler.Default);

        var offsets = new int[count];
        var usages = new List<Usage>();
        var hasBegun = false;
        try
        {
            await foreach (var (index, chunk) in merged.Reader.ReadAllAsync(context.RequestAborted))
            {
                if (!hasBegun) await BeginAsync();
                hasBegun = true;
                if (chunk.Usage is { } usage) usages.Add(usage);
                if (chunk.Text.Length == 0 && chunk.Finish == FinishReason.None) continue;
                await Exchange.WriteEventAsync(context, answer.Whole(new JsonArray(answer.Choice(index, chunk.Text, chunk.Tokens, offsets[index], chunk.Finish))).ToJsonString());
                offsets[index] += chunk.Text.Length;
            }
        }
        finally
        {
            await ended.CancelAsync(); // whoever still generates for a reader that is gone
            await generations.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (body.StreamOptions?.IncludeUsage == true)
        {
            var last = answer.Whole([]);
            last["usage"] = Answer.Usage(usages);
            await Exchange.WriteEventAsync(context, last.ToJsonString());
        }

        await Exchange.WriteEventAsync(context, "[DONE]");

        async Task BeginAsync()
        {
            Exchange.BeginEvents(context);
            if (body.Echo != true) return;
            for (var index = 0; index < count; index++)
            {
                await Exchange.WriteEventAsync(context, answer.Whole(new JsonArray(answer.Choice(index, body.Prompt!.Value.GetString()!, [], 0, FinishReason.None))).ToJsonString());
            }
        }
    }

    private async Task PumpAsync(GenerationRequest request, int index, ChannelWriter<(int, GenerationChunk)> merged, CancellationTokenSource ended)
    {
        try
        {
            await foreach (var chunk in GenerationRun.ReadAsync(model.Engine, request, default, time, ended.Token))
            {
                await merged.WriteAsync((index, chunk), ended.Token); // nobody reads on where the client has left
            }
        }
        catch
        {
            await ended.CancelAsync(); // one choice that is refused ends the others
            throw;
        }
    }

    private async Task<(string Text, IReadOnlyList<TracedToken> Tokens, GenerationChunk Last)> ReadWholeAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var tokens = new List<TracedToken>();
        GenerationChunk last = default;
        await foreach (var chunk in GenerationRun.ReadAsync(model.Engine, request, default, time, cancellationToken))
        {
            text.Append(chunk.Text);
            tokens.AddRange(chunk.Tokens);
            last = chunk;
        }

        return (text.ToString(), tokens, last);
    }

    /// <summary>Choices differ by their draw, repeatably; the prompt is computed once and copied.</summary>
    private static GenerationRequest Of(GenerationRequest request, int index) =>
        request with { Sampling = request.Sampling with { Seed = unchecked(request.Sampling.Seed + index) } };

    private sealed record Answer(OpenAiBody Body, string Id, string Model, long Created, IVocabulary Vocabulary)
    {
        public JsonObject Whole(JsonArray choices) => new()
        {
            ["id"] = Id,
            ["object"] = "text_completion",
            ["created"] = Created,
            ["model"] = Model,
            ["choices"] = choices,
        };

        public JsonObject Choice(int index, string text, IReadOnlyList<TracedToken> tokens, int offset, FinishReason finish) => new()
        {
            ["text"] = text,
            ["index"] = index,
            ["logprobs"] = Body.Logprobs is null ? null : Probabilities.AsOpenAi(tokens, Vocabulary, offset),
            ["finish_reason"] = finish switch
            {
                FinishReason.None => null,
                FinishReason.EndOfText or FinishReason.StopRule => "stop",
                FinishReason.TokenLimit or FinishReason.Deadline => "length",
                _ => "error",
            },
        };

        public static JsonObject Usage(List<Usage> usages)
        {
            var prompt = usages.Count > 0 ? usages[0].PromptTokens : 0;
            var generated = usages.Sum(static usage => usage.GeneratedTokens);
            return new JsonObject
            {
                ["prompt_tokens"] = prompt,
                ["completion_tokens"] = generated,
                ["total_tokens"] = prompt + generated,
                ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = usages.Count > 0 ? usages[0].CachedTokens : 0 },
            };
        }
    }
}
