using Infill.Engine.Sampling;

namespace Infill.Tests.Engine.Sampling;

public sealed class BestTokensTests
{
    [Fact]
    public void The_likeliest_tokens_come_first_with_the_log_probabilities_of_the_softmax()
    {
        float[] logits = [1, 3, 2, 3];
        var total = logits.Sum(static logit => MathF.Exp(logit));

        var best = Sampler.Best(logits, count: 3);

        Assert.Equal([1, 3, 2], best.Select(static each => each.Token)); // of two alike the lower id first
        Assert.Equal(MathF.Log(MathF.Exp(3) / total), best[0].LogProbability, 1e-5f);
        Assert.Equal(MathF.Log(MathF.Exp(2) / total), best[2].LogProbability, 1e-5f);
    }

    [Fact]
    public void Nobody_is_named_where_none_is_asked_for() => Assert.Empty(Sampler.Best([0, 1], count: 0));
}
