using System.Buffers;

namespace Infill.Engine.Llama;

/// <summary>
/// Markers that a vocabulary has as user-defined words, which llama.cpp makes of any text that spells them. Immutable.
/// </summary>
/// <remarks>Vocabularies have other words of that kind too, such as HTML's tags and runs of blanks: those are text.</remarks>
internal sealed class MarkerWords
{
    private static readonly SearchValues<char> s_tagCharacters = SearchValues.Create("/abcdefghijklmnopqrstuvwxyz123456");

    private readonly HashSet<int> _tokens;
    private readonly SearchValues<string> _spellings;

    /// <param name="words">Token → spelling; at least one.</param>
    public MarkerWords(Dictionary<int, string> words)
    {
        _tokens = [.. words.Keys];
        var spellings = words.Values.SelectMany(static spelling => new[] { spelling, spelling.Replace('▁', ' ') }).Distinct(StringComparer.Ordinal);
        _spellings = SearchValues.Create([.. spellings], StringComparison.Ordinal);
    }

    /// <summary>Whether a user-defined word is a marker: in angle or square brackets, and no tag of HTML.</summary>
    public static bool IsMarker(string spelling) =>
        spelling.TrimStart('▁') is ['<', _, .., '>'] or ['[', _, .., ']'] &&
        (!IsTag(spelling) || spelling is "<filename>" or "<reponame>" or "<s>" or "</s>" or "<eos>" or "<bos>" or "<pad>");

    public bool Contains(int token) => _tokens.Contains(token);

    /// <summary>Where the first one stands in a text; -1 where there is none.</summary>
    public int FirstIn(ReadOnlySpan<char> text) => text.IndexOfAny(_spellings);

    private static bool IsTag(string spelling) => spelling[0] == '<' && !spelling.AsSpan(1, spelling.Length - 2).ContainsAnyExcept(s_tagCharacters);
}
