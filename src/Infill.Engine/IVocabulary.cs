namespace Infill.Engine;

/// <summary>The single special tokens that a model was trained to mark fill-in-the-middle prompts with; null where it has none.</summary>
public sealed record FimTokens(int? Prefix, int? Suffix, int? Middle, int? Repository, int? FileSeparator);

/// <summary>Text to tokens and back, and which tokens are special. Immutable once loaded: any thread may ask.</summary>
public interface IVocabulary
{
    /// <summary>The model's own name, as its metadata says; may be empty.</summary>
    string ModelName { get; }

    /// <summary>Number of tokens; logits have this length.</summary>
    int Size { get; }

    FimTokens Fim { get; }

    /// <summary>Token that the model expects before every prompt; null where it expects none.</summary>
    int? BeginningOfText { get; }

    bool IsEndOfGeneration(int token);

    /// <summary>Appends the tokens of <paramref name="text"/>. Text never becomes a special token, whatever it spells.</summary>
    void Tokenize(ReadOnlySpan<char> text, List<int> tokens);

    /// <summary>
    /// The same for a prompt that somebody has written out with its special tokens: what spells one becomes it. Never for a
    /// document's text.
    /// </summary>
    void TokenizeMarked(ReadOnlySpan<char> text, List<int> tokens) => Tokenize(text, tokens);

    /// <summary>The UTF-8 bytes of one token, as they appear in text; empty for special tokens.</summary>
    ReadOnlySpan<byte> Piece(int token);
}
