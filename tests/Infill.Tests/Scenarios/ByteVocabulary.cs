using System.Text;
using Infill.Engine;

namespace Infill.Tests.Scenarios;

/// <summary>Tokens 0–255 are bytes, the special ones follow.</summary>
internal sealed class ByteVocabulary : IVocabulary
{
    public const int End = 256;
    public const int Prefix = 257;
    public const int Suffix = 258;
    public const int Middle = 259;
    public const int Repository = 260;
    public const int FileSeparator = 261;
    public const int FirstWord = 262;

    private static readonly byte[][] Pieces = [.. Enumerable.Range(0, 256).Select(static b => new[] { (byte)b })];

    private int _asked;

    /// <summary>Characters that it was given to make tokens of.</summary>
    public int Asked => _asked;

    public string ModelName { get; init; } = "scripted";

    public string Fingerprint { get; init; } = "";

    /// <summary>Whether it was trained to fill in the middle.</summary>
    public bool HasMarkers { get; init; } = true;

    public int Size => FirstWord + Words.Count;

    /// <summary>Tokens of several bytes, the longest of which text is made of where it can be.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    public FimTokens Fim => HasMarkers ? new(Prefix, Suffix, Middle, Repository, FileSeparator) : new(null, null, null, null, null);

    public int? BeginningOfText => null;

    public int? FindSpecial(string spelling) => spelling switch
    {
        "<|endoftext|>" => End,
        _ when !HasMarkers => null,
        "<|fim_prefix|>" => Prefix,
        "<|fim_suffix|>" => Suffix,
        "<|fim_middle|>" => Middle,
        "<|repo_name|>" => Repository,
        "<|file_sep|>" => FileSeparator,
        _ => null,
    };

    public bool IsEndOfGeneration(int token) => token == End;

    public void Tokenize(ReadOnlySpan<char> text, List<int> tokens)
    {
        Interlocked.Add(ref _asked, text.Length);
        if (Words.Count == 0)
        {
            foreach (var b in Encoding.UTF8.GetBytes(text.ToArray())) tokens.Add(b);
            return;
        }

        for (var rest = new string(text); rest.Length > 0;)
        {
            var word = Words.Where(word => rest.StartsWith(word, StringComparison.Ordinal)).MaxBy(static word => word.Length);
            if (word is not null) tokens.Add(Word(word));
            var length = word?.Length ?? (char.IsHighSurrogate(rest[0]) && rest.Length > 1 ? 2 : 1);
            if (word is null) tokens.AddRange(Encoding.UTF8.GetBytes(rest[..length]).Select(static b => (int)b));
            rest = rest[length..];
        }
    }

    public int Word(string word) => FirstWord + Words.ToList().IndexOf(word);

    public ReadOnlySpan<byte> Piece(int token) => token < 256 ? Pieces[token] : token >= FirstWord ? Encoding.UTF8.GetBytes(Words[token - FirstWord]) : [];
}
