namespace Infill.Engine.Remote;

/// <summary>The tokens that an event's text is made of, as far as the server tells.</summary>
internal static class TokenPieces
{
    /// <param name="text">The event's text.</param>
    /// <param name="scored">Its tokens; null where the server gives none.</param>
    /// <param name="read">A token's text and the natural logarithm of its probability.</param>
    /// <returns>Empty where any score is missing: a part of them says nothing of the whole.</returns>
    public static IReadOnlyList<TracedToken> Of<T>(string text, IReadOnlyList<T>? scored, Func<T, (string? Token, float? LogProbability)> read)
    {
        if (scored is null) return [];
        var tokens = new List<TracedToken>(scored.Count);
        var left = text.Length;
        for (var i = 0; i < scored.Count; i++)
        {
            var (token, score) = read(scored[i]);
            if (score is not { } logProbability || !float.IsFinite(logProbability)) return [];

            // A half character has no text of its own: what is left over belongs to the last token.
            var length = i == scored.Count - 1 ? left : Math.Min(token?.Length ?? 0, left);
            left -= length;
            tokens.Add(new TracedToken(-1, 0) { LogProbability = Math.Min(logProbability, 0), Length = length });
        }

        return tokens;
    }
}
