using System.Runtime.InteropServices;
using System.Text;
using Infill.Engine;

namespace Infill.Completion.Alternatives;

/// <summary>Collects where a generation's first line could have gone on otherwise. Owned by one thread.</summary>
/// <param name="vocabulary">Spells the tokens.</param>
/// <param name="start">What stands before the cursor already and the text's first bytes say again.</param>
internal sealed class BranchFinder(IVocabulary vocabulary, ReadOnlyMemory<byte> start)
{
    /// <summary>What the model holds for less likely than one in fifty is no alternative that anybody would want to see.</summary>
    private static readonly double s_leastLikely = Math.Log(0.02);

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<Branch> _branches = [];
    private readonly List<int> _tokens = [];
    private readonly List<byte> _bytes = [];
    private double _logProbability;

    /// <summary>Whether the first line has ended: what differs further down is the same suggestion to who reads it.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Takes a chunk whose tokens came with others that were likely.</summary>
    public void Append(GenerationChunk chunk)
    {
        foreach (var token in chunk.Tokens)
        {
            if (IsComplete) return;
            foreach (var (other, logProbability) in token.Best ?? [])
            {
                if (other != token.Token && logProbability >= s_leastLikely) Add(other, _logProbability + logProbability);
            }

            _tokens.Add(token.Token);
            _bytes.AddRange(vocabulary.Piece(token.Token));
            _logProbability += token.LogProbability;
            IsComplete = Spell(_bytes) is { } text && text.AsSpan().TrimStart().Contains('\n');
        }
    }

    /// <summary>The likeliest, the best first.</summary>
    public IEnumerable<Branch> Best(int count) => _branches.OrderByDescending(static branch => branch.LogProbability).Take(count);

    private void Add(int token, double logProbability)
    {
        if (vocabulary.IsEndOfGeneration(token) || vocabulary.Piece(token) is not { Length: > 0 } piece) return;
        if (Spell([.. _bytes, .. piece]) is { } text && !string.IsNullOrWhiteSpace(text)) _branches.Add(new Branch([.. _tokens, token], text, logProbability));
    }

    /// <summary>What bytes add to what stands there; null where they are half a character, or don't yet say all that stands there.</summary>
    private string? Spell(List<byte> bytes)
    {
        var all = CollectionsMarshal.AsSpan(bytes);
        if (!all.StartsWith(start.Span)) return null;
        try
        {
            return s_strict.GetString(all[start.Length..]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
