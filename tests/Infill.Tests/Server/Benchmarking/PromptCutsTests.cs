using Infill.Server.Benchmarking.Traces;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server.Benchmarking;

public sealed class PromptCutsTests
{
    [Fact]
    public void No_two_prompts_begin_alike_whichever_part_of_the_bench_they_are_of()
    {
        var vocabulary = new ByteVocabulary();
        PromptCuts[] parts = [new(vocabulary, "bare"), new(vocabulary, "concurrency")];

        var beginnings = parts.SelectMany(static cuts => Enumerable.Range(0, 20).Select(_ => string.Join(' ', cuts.Take(64).Take(16))));

        Assert.Distinct(beginnings);
    }
}
