using System.Text;
using System.Text.Json.Nodes;
using Infill.Engine;

namespace Infill.Server.Http;

/// <summary>Log probabilities in the forms that llama-server and OpenAI have for them.</summary>
internal static class Probabilities
{
    public static JsonArray AsLlama(IReadOnlyList<TracedToken> tokens, IVocabulary vocabulary)
    {
        var all = new JsonArray();
        foreach (var token in tokens)
        {
            var entry = Entry(vocabulary, token.Token, token.LogProbability);
            entry["top_logprobs"] = new JsonArray([.. (token.Best ?? []).Select(best => Entry(vocabulary, best.Token, best.LogProbability))]);
            all.Add((JsonNode)entry);
        }

        return all;
    }

    /// <param name="tokens">Chosen one after the other.</param>
    /// <param name="vocabulary">Spells them.</param>
    /// <param name="offset">Of the first one's text, in characters.</param>
    public static JsonObject AsOpenAi(IReadOnlyList<TracedToken> tokens, IVocabulary vocabulary, int offset)
    {
        var (texts, chosen, best, offsets) = (new JsonArray(), new JsonArray(), new JsonArray(), new JsonArray());
        foreach (var token in tokens)
        {
            var text = Text(vocabulary, token.Token);
            texts.Add((JsonNode)text);
            chosen.Add((JsonNode)token.LogProbability);
            offsets.Add((JsonNode)offset);
            offset += text.Length;
            var alternatives = new JsonObject();
            foreach (var (other, logProbability) in token.Best ?? []) alternatives[Text(vocabulary, other)] = logProbability;
            best.Add((JsonNode)alternatives);
        }

        return new JsonObject { ["tokens"] = texts, ["token_logprobs"] = chosen, ["top_logprobs"] = best, ["text_offset"] = offsets };
    }

    private static JsonObject Entry(IVocabulary vocabulary, int token, float logProbability)
    {
        var bytes = new JsonArray();
        foreach (var b in vocabulary.Piece(token)) bytes.Add((JsonNode)(int)b);
        return new JsonObject { ["id"] = token, ["token"] = Text(vocabulary, token), ["bytes"] = bytes, ["logprob"] = logProbability };
    }

    private static string Text(IVocabulary vocabulary, int token) => Encoding.UTF8.GetString(vocabulary.Piece(token));
}
