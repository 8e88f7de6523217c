using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Infill.Engine.Llama;

/// <content>Text to tokens and back.</content>
public sealed partial class LlamaModel
{
    /// <summary>A character that vocabularies of words with blanks before them neither join to a blank nor to what follows.</summary>
    private const string Guard = "☺";

    private readonly byte[][] _pieces;
    private readonly bool[] _ends;
    private readonly MarkerWords? _markers; // null where text can't become any
    private readonly int _blankTokens;      // those of the guard, where the vocabulary puts a blank before each text; else 0

    public bool IsEndOfGeneration(int token) => _ends[token];

    /// <remarks>parse_special is off: a document that spells a control token stays text.</remarks>
    public void Tokenize(ReadOnlySpan<char> text, List<int> tokens)
    {
        while (_markers?.FirstIn(text) is >= 0 and var marker)
        {
            // Torn behind its first character, a marker that a document spells is text like any other.
            TokenizePart(text[..(marker + 1)], tokens);
            text = text[(marker + 1)..];
        }

        TokenizePart(text, tokens);
    }

    public void TokenizeMarked(ReadOnlySpan<char> text, List<int> tokens) => TokenizePart(text, tokens, parseSpecial: 1);

    public unsafe int? FindSpecial(string spelling)
    {
        var bytes = Encoding.UTF8.GetBytes(spelling);
        using var hold = new VocabularyHold(this);
        var tokens = stackalloc int[4];
        fixed (byte* text = bytes)
        {
            if (LlamaNative.Tokenize(hold.Vocabulary, text, bytes.Length, tokens, 4, addSpecial: 0, parseSpecial: 1) != 1) return null;
        }

        var isSpecial = LlamaNative.VocabAttributes(hold.Vocabulary, tokens[0]).HasFlag(LlamaTokenAttributes.Control) || _markers?.Contains(tokens[0]) == true;
        return isSpecial && Text(hold.Vocabulary, tokens[0]) == spelling ? tokens[0] : null;
    }

    public ReadOnlySpan<byte> Piece(int token) => _pieces[token] ??= ReadPiece(token); // two threads may both read it: same bytes

    /// <summary>A metadata value as text; empty where the file has none.</summary>
    public string Metadata(string key) => Metadata(_handle, key);

    private static unsafe string Metadata(LlamaModelHandle model, string key)
    {
        var buffer = stackalloc byte[1024];
        var length = LlamaNative.ModelMetadata(model, key, buffer, 1024);
        return length <= 0 ? "" : Encoding.UTF8.GetString(buffer, Math.Min(length, 1023));
    }

    /// <summary>How a token is spelled in the vocabulary, special ones included: for people to read.</summary>
    public string Spelling(int token)
    {
        // llama.cpp ends the process over a token that it doesn't have.
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Size);
        using var hold = new VocabularyHold(this);
        return Text(hold.Vocabulary, token);
    }

    private static unsafe string Text(nint vocabulary, int token) => Marshal.PtrToStringUTF8((nint)LlamaNative.VocabText(vocabulary, token)) ?? "";

    /// <summary>Learns which tokens end a text, and which are markers that text could become.</summary>
    private MarkerWords? FindMarkers(nint vocabulary)
    {
        var markers = new Dictionary<int, string>();
        for (var token = 0; token < Size; token++)
        {
            _ends[token] = LlamaNative.VocabIsEndOfGeneration(vocabulary, token) != 0;
            var attributes = LlamaNative.VocabAttributes(vocabulary, token);
            if (!attributes.HasFlag(LlamaTokenAttributes.UserDefined) || attributes.HasFlag(LlamaTokenAttributes.Control)) continue;
            var spelling = Text(vocabulary, token);
            if (_ends[token] || MarkerWords.IsMarker(spelling)) markers.Add(token, spelling);
        }

        return markers.Count == 0 ? null : new MarkerWords(markers);
    }

    private int CountBlankTokens()
    {
        var tokens = new List<int>();
        TokenizePart("x", tokens);
        if (tokens.Count == 0 || Piece(tokens[0]) is not [(byte)' ', ..]) return 0;
        tokens.Clear();
        TokenizePart(Guard, tokens);
        return tokens.Count;
    }

    private unsafe void TokenizePart(ReadOnlySpan<char> text, List<int> tokens, byte parseSpecial = 0)
    {
        if (text.IsEmpty) return;
        var guard = _blankTokens > 0 ? Guard : "";
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(guard.Length + text.Length));
        var ids = ArrayPool<int>.Shared.Rent(text.Length + 8);
        try
        {
            var length = Encoding.UTF8.GetBytes(guard, bytes);
            length += Encoding.UTF8.GetBytes(text, bytes.AsSpan(length));
            int count;
            fixed (byte* textPointer = bytes)
            {
                count = TokenizeInto(textPointer, length, ids, parseSpecial);
                if (count < 0) // more tokens than characters: that many are needed
                {
                    ArrayPool<int>.Shared.Return(ids);
                    ids = ArrayPool<int>.Shared.Rent(-count);
                    count = TokenizeInto(textPointer, length, ids, parseSpecial);
                }
            }

            if (count < _blankTokens) throw new EngineException("llama.cpp could not tokenize a text; it may be too long.");
            tokens.AddRange(ids.AsSpan(_blankTokens, count - _blankTokens));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(ids);
        }
    }

    private unsafe int TokenizeInto(byte* text, int length, int[] ids, byte parseSpecial)
    {
        using var hold = new VocabularyHold(this);
        fixed (int* idsPointer = ids)
        {
            return LlamaNative.Tokenize(hold.Vocabulary, text, length, idsPointer, ids.Length, addSpecial: 0, parseSpecial);
        }
    }

    private unsafe byte[] ReadPiece(int token)
    {
        if (_markers?.Contains(token) == true) return [];
        using var hold = new VocabularyHold(this);
        var buffer = stackalloc byte[256];
        var length = LlamaNative.TokenToPiece(hold.Vocabulary, token, buffer, 256, leftStrip: 0, special: 0);
        if (length >= 0) return new ReadOnlySpan<byte>(buffer, length).ToArray();

        var larger = new byte[-length];
        fixed (byte* pointer = larger)
        {
            length = LlamaNative.TokenToPiece(hold.Vocabulary, token, pointer, larger.Length, leftStrip: 0, special: 0);
        }

        return larger.AsSpan(0, Math.Max(length, 0)).ToArray();
    }

    /// <summary>Keeps the file's native object, whose vocabulary is read through a bare pointer, from being freed meanwhile by another thread.</summary>
    private readonly ref struct VocabularyHold
    {
        private readonly LlamaModelHandle _handle;

        /// <exception cref="ObjectDisposedException">The model is freed already.</exception>
        public VocabularyHold(LlamaModel model)
        {
            var held = false;
            do
            {
                _handle = model._handle;
                try
                {
                    _handle.DangerousAddRef(ref held);
                }
                catch (ObjectDisposedException) when (_handle != model._handle)
                {
                    // Exchanged between the two lines: the new one is asked.
                }
            }
            while (!held);

            Vocabulary = LlamaNative.ModelGetVocab(_handle);
        }

        public nint Vocabulary { get; }

        public void Dispose() => _handle.DangerousRelease();
    }
}
