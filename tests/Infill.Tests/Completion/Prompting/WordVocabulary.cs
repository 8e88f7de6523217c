using Infill.Engine;

namespace Infill.Tests.Completion.Prompting;

/// <summary>Four characters of ASCII are one token, any other character is three: about as dense as code in a real vocabulary.</summary>
/// <remarks>A token below <see cref="FirstSpecial"/> stands for the text that <see cref="Text"/> remembers.</remarks>
internal sealed class WordVocabulary : IVocabulary
{
    public const int FirstSpecial = 1_000_000;
    public const int Prefix = FirstSpecial;
    public const int Suffix = FirstSpecial + 1;
    public const int Middle = FirstSpecial + 2;

    private readonly List<string> _pieces = [];
    private readonly Dictionary<string, int> _tokens = new(StringComparer.Ordinal);

    public string ModelName { get; init; } = "words";

    public int Size { get; init; } = FirstSpecial + 100;

    /// <summary>Spellings of the special tokens.</summary>
    public IReadOnlyList<string> Markers { get; init; } = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>", "<|repo_name|>"];

    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    public FimTokens Fim { get; init; } = new(null, null, null, null, null);

    public int? BeginningOfText { get; init; }

    public string Metadata(string key) => Facts.GetValueOrDefault(key, "");

    public int? FindSpecial(string spelling)
    {
        for (var i = 0; i < Markers.Count; i++)
        {
            if (Markers[i] == spelling) return FirstSpecial + i;
        }

        return null;
    }

    public bool IsEndOfGeneration(int token) => false;

    public void Tokenize(ReadOnlySpan<char> text, List<int> tokens)
    {
        var start = 0;
        while (start < text.Length)
        {
            var length = char.IsAscii(text[start]) ? 4 : 1;
            length = Math.Min(length, text.Length - start);
            while (length > 1 && !char.IsAscii(text[start + length - 1])) length--;
            tokens.Add(Token(text.Slice(start, length).ToString()));
            if (!char.IsAscii(text[start])) tokens.AddRange([Token(""), Token("")]);
            start += length;
        }
    }

    public List<int> Tokens(string text)
    {
        var tokens = new List<int>();
        Tokenize(text, tokens);
        return tokens;
    }

    public ReadOnlySpan<byte> Piece(int token) => [];

    /// <summary>What tokens stand for; special ones as they are spelled.</summary>
    public string Text(IEnumerable<int> tokens) => string.Concat(tokens.Select(token => token >= FirstSpecial ? Markers[token - FirstSpecial] : _pieces[token]));

    private int Token(string piece)
    {
        if (_tokens.TryGetValue(piece, out var known)) return known;
        _pieces.Add(piece);
        return _tokens[piece] = _pieces.Count - 1;
    }
}
