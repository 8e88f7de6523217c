using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Infill.Engine.Sampling;

/// <summary>Logits to the next token: the best one, or a draw among the best by temperature.</summary>
internal sealed class Sampler
{
    /// <summary>By so many temperatures below the best a token's weight is less than 2^-29 of the best one's.</summary>
    private const float VanishingWeight = 20;

    private const int PieceLength = 1024;

    private readonly SamplingOptions _options;
    private readonly Random? _random;
    private int[] _tokens = [];    // what may be drawn, best first
    private float[] _weights = []; // their logits, then their weights

    public Sampler(SamplingOptions options)
    {
        _options = options;

        // A seed makes the draw repeatable, which is the point here; nothing secret hangs on it.
#pragma warning disable CA5394
        if (options.Temperature > 0) _random = new Random(options.Seed);
#pragma warning restore CA5394
    }

    /// <summary>Whether the next token is always the most likely one, so that the logits alone decide it.</summary>
    public bool IsGreedy => _random is null;

    public int Next(ReadOnlySpan<float> logits) => _random is null ? IndexOfBest(logits) : Draw(logits);

    /// <summary>The most likely token; of two alike the one with the lower id.</summary>
    /// <remarks>
    /// The greatest score first, then where its bits are: two passes at the speed of memory are faster than one that looks for
    /// both, which counts where a GPU waits for the tokens of many sequences.
    /// </remarks>
    public static int IndexOfBest(ReadOnlySpan<float> logits)
    {
        var index = MemoryMarshal.Cast<float, int>(logits).IndexOf(BitConverter.SingleToInt32Bits(TensorPrimitives.Max(logits)));
        return index >= 0 ? index : TensorPrimitives.IndexOfMax(logits); // a score that is no number has many spellings
    }

    /// <summary>By how much the chosen token's logit leads the best of the others; negative where a draw took a lesser one.</summary>
    public static float Margin(ReadOnlySpan<float> logits, int token)
    {
        var others = float.NegativeInfinity;
        if (token > 0) others = TensorPrimitives.Max(logits[..token]);
        if (token + 1 < logits.Length) others = Math.Max(others, TensorPrimitives.Max(logits[(token + 1)..]));
        return logits[token] - others;
    }

    /// <summary>Natural logarithm of the probability that the logits give a token, at a temperature of 1.</summary>
    public static float LogProbability(ReadOnlySpan<float> logits, int token)
    {
        // In pieces that stay in the nearest cache, and need no memory of their own.
        Span<float> piece = stackalloc float[PieceLength];
        var most = TensorPrimitives.Max(logits);
        var total = 0f;
        for (var rest = logits; !rest.IsEmpty;)
        {
            var length = Math.Min(rest.Length, PieceLength);
            var weights = piece[..length];
            TensorPrimitives.Subtract(rest[..length], most, weights);
            TensorPrimitives.Exp(weights, weights);
            total += TensorPrimitives.Sum<float>(weights);
            rest = rest[length..];
        }

        return logits[token] - most - MathF.Log(total);
    }

    /// <summary>The <paramref name="count"/> likeliest tokens with their log probabilities, the best first; of two alike the one with the lower id.</summary>
    public static List<(int Token, float LogProbability)> Best(ReadOnlySpan<float> logits, int count)
    {
        var best = new List<(int Token, float Logit)>(count + 1);
        for (var token = 0; token < logits.Length && count > 0; token++)
        {
            var logit = logits[token];
            if (best.Count == count && !(logit > best[^1].Logit)) continue;
            var at = best.FindIndex(other => logit > other.Logit);
            best.Insert(at < 0 ? best.Count : at, (token, logit));
            if (best.Count > count) best.RemoveAt(count);
        }

        if (best.Count == 0) return best;
        var normalizer = best[0].Logit - LogProbability(logits, best[0].Token);
        return best.ConvertAll(each => (each.Token, each.Logit - normalizer));
    }

    private int Draw(ReadOnlySpan<float> logits)
    {
        var kept = _options.TopK is > 0 and var k && k < logits.Length ? TakeBest(logits, k) : TakeLikely(logits);
        var total = 0f;
        for (var i = 0; i < kept; i++)
        {
            _weights[i] = MathF.Exp((_weights[i] - logits[_tokens[0]]) / _options.Temperature);
            total += _weights[i];
        }

        var share = 0f;
        var last = 0;
        while (last < kept - 1 && (share += _weights[last]) < _options.TopP * total) last++;

#pragma warning disable CA5394 // repeatable by seed, see the constructor
        var draw = _random!.NextSingle() * TensorPrimitives.Sum(_weights.AsSpan(0, last + 1));
#pragma warning restore CA5394
        for (var i = 0; i < last; i++)
        {
            draw -= _weights[i];
            if (draw < 0) return _tokens[i];
        }

        return _tokens[last];
    }

    /// <summary>The best <paramref name="count"/>, best first: most tokens of a vocabulary cost one comparison.</summary>
    private int TakeBest(ReadOnlySpan<float> logits, int count)
    {
        Reserve(count);
        var kept = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            var logit = logits[token];
            if (kept == count && !(logit > _weights[kept - 1])) continue;
            var at = kept < count ? kept++ : kept - 1;
            for (; at > 0 && logit > _weights[at - 1]; at--)
            {
                _weights[at] = _weights[at - 1];
                _tokens[at] = _tokens[at - 1];
            }

            _weights[at] = logit;
            _tokens[at] = token;
        }

        return kept;
    }

    /// <summary>All that have a chance at all, best first: beyond that a weight vanishes beside the best one's.</summary>
    private int TakeLikely(ReadOnlySpan<float> logits)
    {
        Reserve(logits.Length);
        var least = TensorPrimitives.Max(logits) - (VanishingWeight * _options.Temperature);
        var kept = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            if (logits[token] < least) continue;
            _weights[kept] = logits[token];
            _tokens[kept++] = token;
        }

        var weights = _weights.AsSpan(0, kept);
        var tokens = _tokens.AsSpan(0, kept);
        weights.Sort(tokens); // an order of one's own would be an object each time
        weights.Reverse();
        tokens.Reverse();
        return kept;
    }

    private void Reserve(int count)
    {
        if (_tokens.Length >= count) return;
        _tokens = new int[count];
        _weights = new float[count];
    }
}
