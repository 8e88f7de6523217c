namespace Infill.Engine;

/// <summary>The single special tokens that a model was trained to mark fill-in-the-middle prompts with; null where it has none.</summary>
public sealed record FimTokens(int? Prefix, int? Suffix, int? Middle, int? Repository, int? FileSeparator);

/// <summary>Text to tokens and back, and which tokens are special. Immutable once loaded: any thread may ask.</summary>
public interface IVocabulary
{
    /// <summary>The model's own name, as its metadata says; may be empty.</summary>
    string ModelName { get; }

    /// <summary>Tells the model's file from others, by its size and its beginning; empty where nothing can be said.</summary>
    string Fingerprint => "";

    /// <summary>Number of tokens; logits have this length.</summary>
    int Size { get; }

    /// <summary>As the metadata names them, or llama.cpp knows their spelling.</summary>
    FimTokens Fim { get; }

    /// <summary>Token that the model expects before every prompt; null where it expects none.</summary>
    int? BeginningOfText { get; }

    /// <summary>A value of the model's metadata as text; empty where it has none.</summary>
    string Metadata(string key) => "";

    /// <summary>The one special token that is spelled so; null where there is none, or it takes several.</summary>
    int? FindSpecial(string spelling);

    bool IsEndOfGeneration(int token);

    /// <summary>
    /// Appends the tokens of <paramref name="text"/>, whose pieces spell it and nothing else: no blank goes before it. Text never
    /// becomes a special token, whatever it spells.
    /// </summary>
    void Tokenize(ReadOnlySpan<char> text, List<int> tokens);

    /// <summary>
    /// The same for a prompt that somebody has written out with its special tokens: what spells one becomes it. Never for a
    /// document's text.
    /// </summary>
    void TokenizeMarked(ReadOnlySpan<char> text, List<int> tokens) => Tokenize(text, tokens);

    /// <summary>The UTF-8 bytes of one token, as they appear in text; empty for special tokens.</summary>
    ReadOnlySpan<byte> Piece(int token);
}
