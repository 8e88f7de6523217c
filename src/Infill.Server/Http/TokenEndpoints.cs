using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Infill.Engine;
using Microsoft.AspNetCore.Http;

namespace Infill.Server.Http;

/// <summary><c>/tokenize</c> and <c>/detokenize</c>, as llama-server has them.</summary>
internal sealed class TokenEndpoints(ServedModel model)
{
    public async Task TokenizeAsync(HttpContext context)
    {
        var body = await Exchange.ReadAsync(context, BodyJsonContext.Default.TokenizeBody);
        var vocabulary = await model.VocabularyAsync(context.RequestAborted);
        var tokens = new List<int>();
        if (body.AddSpecial == true && vocabulary.BeginningOfText is { } beginning) tokens.Add(beginning);
        switch (body.Content)
        {
            case { ValueKind: JsonValueKind.String } content:
                if (body.ParseSpecial == false) vocabulary.Tokenize(content.GetString()!, tokens);
                else vocabulary.TokenizeMarked(content.GetString()!, tokens);
                break;
            case null:
                break; // llama-server: nothing gives nothing
            default:
                throw ApiException.BadRequest("'content' must be a text.");
        }

        var list = new JsonArray();
        foreach (var token in tokens) list.Add(body.WithPieces == true ? WithPiece(vocabulary, token) : (JsonNode)token);
        await Exchange.WriteAsync(context, new JsonObject { ["tokens"] = list });
    }

    public async Task DetokenizeAsync(HttpContext context)
    {
        var body = await Exchange.ReadAsync(context, BodyJsonContext.Default.DetokenizeBody);
        var vocabulary = await model.VocabularyAsync(context.RequestAborted);
        var bytes = new List<byte>();
        foreach (var token in body.Tokens ?? [])
        {
            if ((uint)token >= (uint)vocabulary.Size) throw ApiException.BadRequest($"'tokens' holds {token}; the model has tokens 0 to {vocabulary.Size - 1}.");
            bytes.AddRange(vocabulary.Piece(token));
        }

        await Exchange.WriteAsync(context, new JsonObject { ["content"] = Encoding.UTF8.GetString([.. bytes]) });
    }

    /// <summary>A piece that is no whole text goes as its bytes.</summary>
    private static JsonObject WithPiece(IVocabulary vocabulary, int token)
    {
        var piece = vocabulary.Piece(token).ToArray();
        JsonNode shown = System.Text.Unicode.Utf8.IsValid(piece)
            ? Encoding.UTF8.GetString(piece)
            : new JsonArray([.. piece.Select(static b => (JsonNode)(int)b)]);
        return new JsonObject { ["id"] = token, ["piece"] = shown };
    }
}
