using System.Numerics.Tensors;

namespace Infill.Engine.Sampling;

/// <summary>Logits to the next token: the best one, or a draw among the best by temperature.</summary>
internal sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly Random? _random;
    private (float Logit, int Token)[]? _candidates;

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

    public int Next(ReadOnlySpan<float> logits) => _random is null ? TensorPrimitives.IndexOfMax(logits) : Draw(logits);

    /// <summary>By how much the chosen token's logit leads the best of the others; negative where a draw took a lesser one.</summary>
    public static float Margin(ReadOnlySpan<float> logits, int token)
    {
        var others = float.NegativeInfinity;
        if (token > 0) others = TensorPrimitives.Max(logits[..token]);
        if (token + 1 < logits.Length) others = Math.Max(others, TensorPrimitives.Max(logits[(token + 1)..]));
        return logits[token] - others;
    }

    private int Draw(ReadOnlySpan<float> logits)
    {
        _candidates ??= new (float, int)[logits.Length];
        for (var i = 0; i < logits.Length; i++)
        {
            _candidates[i] = (logits[i], i);
        }

        var kept = _options.TopK is > 0 and var k && k < logits.Length ? k : logits.Length;
        Array.Sort(_candidates, static (a, b) => b.Logit.CompareTo(a.Logit));

        var best = _candidates[0].Logit;
        Span<float> weights = kept <= 256 ? stackalloc float[kept] : new float[kept];
        var total = 0f;
        for (var i = 0; i < kept; i++)
        {
            weights[i] = MathF.Exp((_candidates[i].Logit - best) / _options.Temperature);
            total += weights[i];
        }

        var share = 0f;
        var last = 0;
        while (last < kept - 1 && (share += weights[last]) < _options.TopP * total) last++;
        var within = TensorPrimitives.Sum(weights[..(last + 1)]);

#pragma warning disable CA5394 // repeatable by seed, see the constructor
        var draw = _random!.NextSingle() * within;
#pragma warning restore CA5394
        for (var i = 0; i < last; i++)
        {
            draw -= weights[i];
            if (draw < 0) return _candidates[i].Token;
        }

        return _candidates[last].Token;
    }
}
