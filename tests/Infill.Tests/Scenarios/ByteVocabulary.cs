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

    private static readonly byte[][] Pieces = [.. Enumerable.Range(0, 256).Select(static b => new[] { (byte)b })];

    public string ModelName { get; init; } = "scripted";

    public string Fingerprint { get; init; } = "";

    /// <summary>Whether it was trained to fill in the middle.</summary>
    public bool HasMarkers { get; init; } = true;

    public int Size => 262;

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
        foreach (var b in Encoding.UTF8.GetBytes(text.ToArray())) tokens.Add(b);
    }

    public ReadOnlySpan<byte> Piece(int token) => token < 256 ? Pieces[token] : [];
}
