using Infill.Engine;
using Infill.Engine.Sampling;
using Xunit;

namespace Infill.Tests.Engine.Sampling;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [1f, 4f, 3f, 2f, -1f];

    [Fact]
    public void Without_temperature_the_most_likely_token_is_taken()
    {
        var sampler = new Sampler(SamplingOptions.Greedy);

        var token = sampler.Next(Logits);

        Assert.Equal(1, token);
    }

    [Theory]
    [InlineData(new[] { 1f, 7f, 7f, 2f }, 1)]
    [InlineData(new[] { float.NegativeInfinity, float.NegativeInfinity }, 0)]
    [InlineData(new[] { -0f, 0f }, 1)]
    [InlineData(new[] { 1f, float.NaN, 3f }, 1)] // as good as any: what matters is that there is one
    public void Of_tokens_alike_the_first_is_taken(float[] logits, int best)
    {
        Assert.Equal(best, Sampler.IndexOfBest(logits));
        Assert.Equal(System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits), Sampler.IndexOfBest(logits));
    }

    [Fact]
    public void The_same_seed_draws_the_same_tokens()
    {
        var first = Draw(new SamplingOptions { Temperature = 1, Seed = 7, TopK = 0, TopP = 1 }, 50);

        var second = Draw(new SamplingOptions { Temperature = 1, Seed = 7, TopK = 0, TopP = 1 }, 50);

        Assert.Equal(first, second);
    }

    [Fact]
    public void Another_seed_draws_others()
    {
        var first = Draw(new SamplingOptions { Temperature = 1, Seed = 7 }, 50);

        var second = Draw(new SamplingOptions { Temperature = 1, Seed = 8 }, 50);

        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Top_k_leaves_only_that_many()
    {
        var drawn = Draw(new SamplingOptions { Temperature = 100, TopK = 2, TopP = 1 }, 200);

        Assert.Equal([1, 2], drawn.Distinct().Order());
    }

    [Fact]
    public void A_top_k_of_zero_leaves_all()
    {
        var drawn = Draw(new SamplingOptions { Temperature = 100, TopK = 0, TopP = 1 }, 500);

        Assert.Equal([0, 1, 2, 3, 4], drawn.Distinct().Order());
    }

    [Fact]
    public void Top_p_leaves_only_the_best_that_add_up_to_it()
    {
        // At temperature 1 the shares are about 0.03, 0.64, 0.23, 0.09 and 0.00: two are needed for 0.7.
        var drawn = Draw(new SamplingOptions { Temperature = 1, TopK = 0, TopP = 0.7f }, 500);

        Assert.Equal([1, 2], drawn.Distinct().Order());
    }

    [Fact]
    public void Of_many_tokens_the_best_are_kept_wherever_they_stand()
    {
        var logits = new float[10_000];
        logits[9_999] = logits[5_000] = logits[0] = 10;
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, TopK = 3, TopP = 1 });

        var drawn = Enumerable.Range(0, 200).Select(_ => sampler.Next(logits)).Distinct().Order();

        Assert.Equal([0, 5_000, 9_999], drawn);
    }

    [Fact]
    public void A_draw_allocates_nothing_once_the_first_is_made()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 1 });
        var all = new Sampler(new SamplingOptions { Temperature = 1, TopK = 0 });
        sampler.Next(Logits);
        all.Next(Logits);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 100; i++) _ = sampler.Next(Logits) + all.Next(Logits);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Tokens_are_drawn_by_their_shares()
    {
        var drawn = Draw(new SamplingOptions { Temperature = 1, TopK = 0, TopP = 1 }, 10_000);

        var share = drawn.Count(static token => token == 1) / 10_000f;

        Assert.InRange(share, 0.62f, 0.67f); // exp(4) of exp(1) + exp(4) + exp(3) + exp(2) + exp(-1) is 0.642
    }

    [Theory]
    [InlineData(1, 1f)]
    [InlineData(2, -1f)]
    [InlineData(0, -3f)]
    [InlineData(4, -5f)]
    public void The_margin_is_the_lead_over_the_best_other(int token, float margin)
    {
        Assert.Equal(margin, Sampler.Margin(Logits, token));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(5000)] // more than one piece
    public void Log_probabilities_of_all_tokens_add_up_to_one(int size)
    {
        float[] logits = [.. Enumerable.Range(0, size).Select(static i => i % 7 - 3f)];

        var sum = Enumerable.Range(0, size).Sum(token => Math.Exp(Sampler.LogProbability(logits, token)));

        Assert.Equal(1, sum, 1e-3);
    }

    private static List<int> Draw(SamplingOptions options, int count)
    {
        var sampler = new Sampler(options);
        return [.. Enumerable.Range(0, count).Select(_ => sampler.Next(Logits))];
    }
}
