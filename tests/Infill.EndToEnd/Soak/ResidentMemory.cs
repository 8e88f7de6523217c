using System.Globalization;
using Infill.Benchmarks.EndToEnd;

namespace Infill.EndToEnd.Soak;

/// <summary>A process's resident memory by the second, in MiB, and whether it grows.</summary>
/// <param name="Samples">In the order they were taken.</param>
internal sealed record ResidentMemory(IReadOnlyList<double> Samples)
{
    /// <summary>What comes and goes by itself: a collection more or less, and in the first minutes the memories of lines and suggestions, which have bounds.</summary>
    private const double Noise = 12;

    /// <summary>The first sixth is the server's warm-up: the model, the first prompts, compiled code.</summary>
    private int Settled => Samples.Count / 6;

    /// <summary>From the median of the second quarter of the settled time to that of the last quarter.</summary>
    public double Growth
    {
        get
        {
            var settled = Samples.Skip(Settled).ToList();
            var quarter = settled.Count / 4;
            return Median(settled.TakeLast(quarter)) - Median(settled.Skip(quarter).Take(quarter));
        }
    }

    public bool IsFlat => Samples.Count >= 24 && Growth <= Noise;

    public static async Task<ResidentMemory> WatchAsync(LspProcess server, CancellationToken enough)
    {
        var samples = new List<double>();
        while (!enough.IsCancellationRequested)
        {
            samples.Add(server.ResidentBytes / 1048576.0);
            await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
        }

        return new ResidentMemory(samples);
    }

    public override string ToString() =>
        $"resident memory: {Growth:F1} MiB more in the last quarter than in the second; every tenth second: " +
        string.Join(' ', Samples.Where(static (_, second) => second % 10 == 0).Select(static sample => sample.ToString("F0", CultureInfo.InvariantCulture)));
}
