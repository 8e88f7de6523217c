using System.Text.Json;
using Infill.Server;
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

    [Fact]
    public async Task The_bare_loop_is_measured_beside_the_engine_in_a_process_of_its_own()
    {
        var program = await ChildProgram.RunAsync(["bench", "--part", "bare", "--part", "concurrency", "--streams", "2", "--tokens", "8", "--rounds", "1", "--json"]);

        Assert.Equal((0, ""), (program.ExitCode, program.Error));
        var parts = JsonElement.Parse(program.Output).GetProperty("parts").EnumerateArray().ToArray();
        Assert.Equal(["bare", "concurrency"], parts.Select(static part => part.GetProperty("name").GetString()!));
        Assert.All(parts[0].GetProperty("rows").EnumerateArray(), static row => AssertSpeed(row, "infill"));
        foreach (var row in parts[1].GetProperty("rows").EnumerateArray())
        {
            AssertSpeed(row, "infill");
            AssertSpeed(row, "bare loop");
        }
    }

    [Fact]
    public async Task A_bare_loop_without_a_model_says_so_in_its_answer()
    {
        var program = await ChildProgram.RunAsync(["bench", "bare-loop", "--model", "/nowhere/model.gguf"]);

        Assert.Equal(ExitCodes.Failed, program.ExitCode);
        Assert.Contains("/nowhere/model.gguf", JsonElement.Parse(program.Output).GetProperty("fault").GetString(), StringComparison.Ordinal);
    }

    private static void AssertSpeed(JsonElement row, string side) =>
        Assert.True(row.GetProperty("sides").GetProperty(side).GetProperty("median").GetDouble() > 0, row.GetRawText());
}
