using System.Text;
using System.Text.Json.Nodes;
using Infill.Engine;
using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary><c>/completion</c> and <c>/infill</c>, as llama-server has them.</summary>
internal sealed class CompletionEndpoints(ServedModel model, RequestGuard guard, TimeProvider time)
{
    private const int InfillTokens = 128; // where the request leaves it open: a suggestion, not the rest of the file

    public async Task CompleteAsync(HttpContext context)
    {
        var body = await Exchange.ReadAsync(context, BodyJsonContext.Default.CompletionBody);
        var vocabulary = await model.VocabularyAsync(context.RequestAborted);
        var prompt = RequestReader.Prompt(model, vocabulary, body.Prompt);
        var maxTokens = RequestReader.MaxTokens(IsForPromptAlone(body) ? 1 : body.Predict ?? body.MaxTokens, prompt.Count, model);
        await RunAsync(context, body, vocabulary, Filled(context, body, new GenerationRequest(prompt) { MaxTokens = maxTokens }, RequestReader.Sampling(body.Temperature, body.TopK, body.TopP, body.Seed)));
    }

    public async Task InfillAsync(HttpContext context)
    {
        var body = await Exchange.ReadAsync(context, BodyJsonContext.Default.CompletionBody);
        if (body.InputPrefix is null) throw ApiException.BadRequest("'input_prefix' is needed: the text before the cursor.");
        if (body.InputSuffix is null) throw ApiException.BadRequest("'input_suffix' is needed: the text after the cursor.");
        if (body.Prompt is { ValueKind: not (System.Text.Json.JsonValueKind.String or System.Text.Json.JsonValueKind.Null) }) throw ApiException.BadRequest("'prompt' must be a text: what stands just before the cursor.");

        var vocabulary = await model.VocabularyAsync(context.RequestAborted);
        var maxTokens = RequestReader.MaxTokens(body.Predict is null or < 1 ? InfillTokens : body.Predict, promptTokens: 0, model);
        maxTokens = IsForPromptAlone(body) ? 1 : Math.Min(maxTokens, Math.Max(1, model.Engine.MaxSequenceTokens / 4)); // the window gets the rest
        IReadOnlyList<ExtraBody> others = [.. (body.InputExtra ?? []).OfType<ExtraBody>()];
        if (others.Any(static other => other.Text is null)) throw ApiException.BadRequest("Each of 'input_extra' needs a 'text'.");
        var heals = body.Healing ?? !(body.Probabilities > 0 || body.ReturnTokens == true); // or tokens would be told that llama-server hasn't got: the half-typed word's
        var request = await model.AroundCursorAsync(body.InputPrefix + body.Prompt?.GetString(), body.InputSuffix, others, maxTokens, heals, context.RequestAborted);

        // What clients send as the sampler chain ends in one that this engine lacks and that is close to taking the best.
        var sampling = RequestReader.Sampling(body.Temperature, body.TopK, body.TopP, body.Seed, defaultTemperature: 0);
        await RunAsync(context, body, vocabulary, Filled(context, body, request, sampling));
    }

    /// <summary>Nothing is to be written: what follows will find the prompt in the cache. llama.vim asks so for the chunks that it has gathered.</summary>
    private static bool IsForPromptAlone(CompletionBody body) => (body.Predict ?? body.MaxTokens) == 0;

    private GenerationRequest Filled(HttpContext context, CompletionBody body, GenerationRequest request, SamplingOptions sampling) => request with
    {
        Sampling = sampling,
        Priority = IsForPromptAlone(body) ? RequestPriority.LookAhead : request.Priority,
        StopStrings = RequestReader.Stops(body.Stop),
        Client = guard.ClientOf(context),
        ScoreTokens = RequestReader.Probabilities("n_probs", body.Probabilities) > 0,
        Alternatives = body.Probabilities ?? 0,
        TraceTokens = body.ReturnTokens == true,
    };

    private async Task RunAsync(HttpContext context, CompletionBody body, IVocabulary vocabulary, GenerationRequest request)
    {
        var rules = new TextRules(
            Math.Max(body.Indent ?? 0, 0),
            body.PredictMilliseconds is > 0 and var milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null);
        var text = new StringBuilder();
        var traced = new List<TracedToken>();
        var isStreaming = body.Stream == true;
        var hasBegun = false;
        await foreach (var generated in GenerationRun.ReadAsync(model.Engine, request, rules, time, context.RequestAborted))
        {
            var chunk = IsForPromptAlone(body) ? generated with { Text = "", Tokens = [], Usage = generated.Usage is { } usage ? usage with { GeneratedTokens = 0 } : null } : generated;
            var tokens = Behind(request, text.Length, chunk);
            text.Append(chunk.Text);
            traced.AddRange(tokens);
            var isLast = chunk.Finish != FinishReason.None;
            if (isStreaming)
            {
                if (!hasBegun) Exchange.BeginEvents(context);
                hasBegun = true;
                if (chunk.Text.Length > 0) await Exchange.WriteEventAsync(context, Partial(body, request, vocabulary, chunk with { Tokens = tokens }, traced.Count).ToJsonString());
            }

            if (!isLast) continue;
            var last = Final(body, request, vocabulary, isStreaming ? "" : text.ToString(), text.ToString(), isStreaming ? [] : traced, chunk);
            if (isStreaming) await Exchange.WriteEventAsync(context, last.ToJsonString());
            else await Exchange.WriteAsync(context, last);
        }
    }

    /// <summary>A chunk's tokens without those that lie before the cursor.</summary>
    private static IReadOnlyList<TracedToken> Behind(GenerationRequest request, int told, GenerationChunk chunk) =>
        request.Start.IsEmpty || told > 0 ? chunk.Tokens : [.. chunk.Tokens.SkipWhile(static token => token.Length == 0)];

    private static JsonObject Partial(CompletionBody body, GenerationRequest request, IVocabulary vocabulary, GenerationChunk chunk, int generated)
    {
        var partial = new JsonObject
        {
            ["index"] = 0,
            ["content"] = chunk.Text,
            ["tokens"] = Tokens(chunk.Tokens),
            ["stop"] = false,
            ["id_slot"] = -1,
            ["tokens_predicted"] = generated,
            ["tokens_evaluated"] = request.Prompt.Count,
        };
        if (body.Probabilities > 0) partial["completion_probabilities"] = Probabilities.AsLlama(chunk.Tokens, vocabulary);
        return partial;
    }

    private JsonObject Final(
        CompletionBody body, GenerationRequest request, IVocabulary vocabulary, string content, string whole, List<TracedToken> traced, GenerationChunk last)
    {
        var usage = last.Usage!;
        var answer = new JsonObject
        {
            ["index"] = 0,
            ["content"] = content,
            ["tokens"] = body.ReturnTokens == true ? Tokens(traced) : [],
            ["id_slot"] = -1,
            ["stop"] = true,
            ["model"] = model.Name,
            ["tokens_predicted"] = usage.GeneratedTokens,
            ["tokens_evaluated"] = usage.PromptTokens,
            ["generation_settings"] = new JsonObject
            {
                ["n_predict"] = request.MaxTokens,
                ["temperature"] = request.Sampling.Temperature,
                ["top_k"] = request.Sampling.TopK,
                ["top_p"] = request.Sampling.TopP,
                ["seed"] = request.Sampling.Seed,
            },
            ["has_new_line"] = whole.Contains('\n', StringComparison.Ordinal),
            ["truncated"] = false,
            ["stop_type"] = last.Finish switch
            {
                FinishReason.EndOfText => "eos",
                FinishReason.StopRule => "word",
                FinishReason.TokenLimit or FinishReason.Deadline => "limit",
                _ => "none",
            },
            ["stopping_word"] = last.Finish == FinishReason.StopRule && request.StopStrings is [var only] ? only : "",
            ["tokens_cached"] = usage.PromptTokens + usage.GeneratedTokens,
            ["timings"] = Timings(usage),
        };
        if (traced.Count > 0 && body.Probabilities > 0) answer["completion_probabilities"] = Probabilities.AsLlama(traced, vocabulary);
        return body.ResponseFields is { Count: > 0 } fields ? Only(fields, answer) : answer;
    }

    private static JsonArray Tokens(IReadOnlyList<TracedToken> traced) => [.. traced.Select(static each => (JsonNode)each.Token)];

    private static JsonObject Timings(Usage usage)
    {
        var computed = usage.PromptTokens - usage.CachedTokens;
        var (prompt, predicted) = (usage.Prefill.TotalMilliseconds, usage.Decode.TotalMilliseconds);
        return new JsonObject
        {
            ["cache_n"] = usage.CachedTokens,
            ["prompt_n"] = computed,
            ["prompt_ms"] = prompt,
            ["prompt_per_token_ms"] = Per(prompt, computed),
            ["prompt_per_second"] = Per(1000 * computed, prompt),
            ["predicted_n"] = usage.GeneratedTokens,
            ["predicted_ms"] = predicted,
            ["predicted_per_token_ms"] = Per(predicted, usage.GeneratedTokens),
            ["predicted_per_second"] = Per(1000 * usage.GeneratedTokens, predicted),
        };

        static double Per(double amount, double count) => count > 0 ? amount / count : 0;
    }

    /// <summary>As llama-server does it: <c>timings/prompt_ms</c> comes under that very name; what is not there is left out.</summary>
    private static JsonObject Only(IReadOnlyList<string> fields, JsonObject answer)
    {
        var chosen = new JsonObject();
        foreach (var field in fields)
        {
            JsonNode? found = answer;
            foreach (var name in field.Split('/', StringSplitOptions.RemoveEmptyEntries)) found = (found as JsonObject)?[name];
            if (found is not null) chosen[field] = found.DeepClone();
        }

        return chosen;
    }
}
