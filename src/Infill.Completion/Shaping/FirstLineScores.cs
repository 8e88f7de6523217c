using Infill.Engine;

namespace Infill.Completion.Shaping;

/// <summary>How likely the model held the tokens of its text's first line that isn't blank. Owned by one thread.</summary>
/// <remarks>
/// The token with which the line ends counts, be it a line break or the end of the text: that nothing more belongs there is a
/// part of what the model says. How the tokens were cut into chunks makes no difference.
/// </remarks>
internal sealed class FirstLineScores
{
    private readonly List<float> _scores = [];
    private bool _hasText;

    /// <summary>Whether the line has ended; further tokens are ignored.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Natural logarithms of probabilities, a token each.</summary>
    public IReadOnlyList<float> All => _scores;

    /// <summary>Their mean; 0, which is certainty, where there are none.</summary>
    public double Mean => _scores.Count == 0 ? 0 : _scores.Average();

    /// <summary>Takes a chunk's tokens, which were scored.</summary>
    public void Append(GenerationChunk chunk)
    {
        var text = chunk.Text.AsSpan();
        foreach (var token in chunk.Tokens)
        {
            if (IsComplete) return;
            var piece = text[..Math.Min(token.Length, text.Length)];
            text = text[piece.Length..];
            if (_scores.Count > 0 || token.Length > 0) _scores.Add(token.LogProbability); // else it says a typed part again
            IsComplete = EndsLine(piece);
        }
    }

    private bool EndsLine(ReadOnlySpan<char> piece)
    {
        foreach (var c in piece)
        {
            if (c == '\n' && _hasText) return true;
            _hasText |= !char.IsWhiteSpace(c);
        }

        return false;
    }
}
