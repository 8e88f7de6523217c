using System.Text.Json;
using Infill.Engine;

namespace Infill.Server.Http;

/// <summary>Fields that several bodies share → what the engine takes; what can't be used gets a sentence.</summary>
internal static class RequestReader
{
    public const int MostProbabilities = 20;
    private const int MostStops = 32;
    private const int LongestStop = 1024;
    private const float DefaultTemperature = 0.8f; // llama-server's
    private const uint AnySeed = uint.MaxValue;    // llama-server's way to say 'random'

    /// <summary>Tokens of a prompt that is text, tokens, or a list of both.</summary>
    /// <exception cref="ApiException">It is none of these, or too long.</exception>
    public static List<int> Prompt(ServedModel model, IVocabulary vocabulary, JsonElement? prompt)
    {
        var tokens = new List<int>();
        if (vocabulary.BeginningOfText is { } beginning) tokens.Add(beginning);
        switch (prompt)
        {
            case { ValueKind: JsonValueKind.String } text:
                model.Tokenize(vocabulary, text.GetString()!, tokens);
                break;
            case { ValueKind: JsonValueKind.Array } list:
                foreach (var item in list.EnumerateArray()) Append(item);
                break;
            default:
                throw ApiException.BadRequest("'prompt' is needed: text, or a list of tokens.");
        }

        if (tokens.Count == 0) throw ApiException.BadRequest("The prompt is empty.");
        return tokens;

        void Append(JsonElement item)
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                model.Tokenize(vocabulary, item.GetString()!, tokens);
            }
            else if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var token) && token >= 0 && token < vocabulary.Size)
            {
                tokens.Add(token);
            }
            else
            {
                throw ApiException.BadRequest($"'prompt' may hold texts and tokens from 0 to {vocabulary.Size - 1}; several prompts are several requests.");
            }
        }
    }

    /// <exception cref="ApiException">It is neither text nor a list of texts, or too much of it.</exception>
    public static IReadOnlyList<string> Stops(JsonElement? stop)
    {
        IReadOnlyList<string> stops = stop switch
        {
            null or { ValueKind: JsonValueKind.Null } => [],
            { ValueKind: JsonValueKind.String } one => [one.GetString()!],
            { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String) =>
                [.. list.EnumerateArray().Select(static item => item.GetString()!)],
            _ => throw ApiException.BadRequest("'stop' must be a text or a list of texts."),
        };
        if (stops.Count > MostStops || stops.Any(static text => text.Length > LongestStop))
        {
            throw ApiException.BadRequest($"'stop' may have {MostStops} texts of {LongestStop} characters each.");
        }

        return stops;
    }

    /// <exception cref="ApiException">A value is out of its bounds.</exception>
    public static SamplingOptions Sampling(float? temperature, int? topK, float? topP, long? seed, float defaultTemperature = DefaultTemperature)
    {
        if (temperature is < 0 or > 100 || temperature is { } value && !float.IsFinite(value)) throw ApiException.BadRequest($"'temperature' is {temperature}; it must be between 0 and 100.");
        if (topP is < 0 or > 1) throw ApiException.BadRequest($"'top_p' is {topP}; it must be between 0 and 1.");
        return new SamplingOptions
        {
            Temperature = temperature ?? defaultTemperature,
            TopK = Math.Max(topK ?? 40, 0), // llama-server: 0 and less take all
            TopP = topP ?? 0.95f,
#pragma warning disable CA5394 // nothing secret hangs on it
            Seed = seed is null or -1 or AnySeed ? Random.Shared.Next() : unchecked((int)seed.Value),
#pragma warning restore CA5394
        };
    }

    /// <summary>How many tokens to generate, where the context has room for them.</summary>
    /// <param name="asked">-1 or nothing for as many as fit.</param>
    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <param name="model">Whose context it is.</param>
    /// <exception cref="ApiException">The prompt alone is too long, or the number makes no sense.</exception>
    public static int MaxTokens(int? asked, int promptTokens, ServedModel model)
    {
        var room = model.Engine.MaxSequenceTokens - promptTokens;
        if (room < 1)
        {
            throw ApiException.TooLong($"The prompt has {promptTokens} tokens; the context has {model.Engine.MaxSequenceTokens}, and some are needed for the answer. Shorten the prompt, or raise the setting sequenceTokens.");
        }

        return asked switch
        {
            null or -1 => room,
            < 1 => throw ApiException.BadRequest($"{asked} tokens can't be generated; ask for 1 or more, or for -1: as many as fit."),
            _ => Math.Min(asked.Value, room),
        };
    }

    /// <exception cref="ApiException">It is out of its bounds.</exception>
    public static int? Probabilities(string name, int? asked) => asked is < 0 or > MostProbabilities
        ? throw ApiException.BadRequest($"'{name}' is {asked}; it must be between 0 and {MostProbabilities}.")
        : asked;
}
