using System.Globalization;
using Infill.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine;

/// <summary>What is different where another device computes.</summary>
public sealed class DeviceTests
{
    [Theory]
    [InlineData(false, 24)] // and the other's token: 25 ms
    [InlineData(true, 32)]  // of 40 ms nine tenths are planned for; chunks are multiples of 8
    public async Task A_prompt_beside_others_is_cut_by_the_step_budget_of_what_computes(bool isOnDevice, int largest)
    {
        EngineBench? bench = null;
        var model = new ScriptedModel
        {
            IsOnDevice = isOnDevice,
            AfterStep = _ => bench!.Time.Advance(TimeSpan.FromMilliseconds(Chunks(bench.Model.Log.Last()).Sum())), // one for each token
        };
        await using var started = bench = await EngineBench.StartAsync(model);
        await bench.RunAsync(new GenerationRequest(Prompts.Long(100, 'a')) { MaxTokens = 8 }); // what steps take is learnt
        var tenth = bench.Model.HoldStep(bench.Model.Steps + 10);
        var decoding = bench.RunAsync(new GenerationRequest(Prompts.Long(4, 'b')) { MaxTokens = 60 });
        await tenth.Reached;

        var arriving = bench.RunAsync(new GenerationRequest(Prompts.Long(200, 'c')) { MaxTokens = 1 });
        tenth.Open();
        await Task.WhenAll(decoding, arriving);

        var beside = bench.Model.Log.Select(Chunks).Where(static chunks => chunks.Length == 2).ToList();
        Assert.Equal(largest, beside.Max(static chunks => chunks.Max()));
    }

    private static int[] Chunks(string step) =>
        [.. step.Split(' ').Select(static slice => int.Parse(slice.AsSpan(slice.IndexOf('+', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture))];
}
