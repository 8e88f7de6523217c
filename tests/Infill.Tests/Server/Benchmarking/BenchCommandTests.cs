using System.Text.Json;
using Infill.Tests.Engine.Llama;
using Infill.Tests.Scenarios;
using Infill.Tests.Server.Commands;

namespace Infill.Tests.Server.Benchmarking;

/// <summary>With the default model, as short as it goes.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class BenchCommandTests
{
    [Fact]
    public async Task Bench_prints_one_document_and_draws_a_chart()
    {
        using var chart = new TemporaryFile([]);

        var program = await ChildProgram.RunAsync(["bench", "--part", "typing", "--keys", "1", "--rounds", "1", "--json", "--svg", chart.Path]);

        Assert.Equal((0, ""), (program.ExitCode, program.Error)); // no progress beside JSON
        var part = Assert.Single(JsonElement.Parse(program.Output).GetProperty("parts").EnumerateArray());
        Assert.Equal("typing", part.GetProperty("name").GetString());
        foreach (var row in part.GetProperty("rows").EnumerateArray().Take(3))
        {
            Assert.True(row.GetProperty("sides").GetProperty("infill").GetProperty("median").GetDouble() > 0, row.GetRawText());
        }

        Assert.StartsWith("<svg", await File.ReadAllTextAsync(chart.Path), StringComparison.Ordinal);
    }
}
