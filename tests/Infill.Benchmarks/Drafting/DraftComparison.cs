using Infill.Engine;

namespace Infill.Benchmarks.Drafting;

/// <summary>The tokens of one generation, and what it took.</summary>
internal sealed record DraftRun(List<TracedToken> Trace, Usage Usage)
{
    /// <summary>Milliseconds of decoding for each token after the first, which the prompt's last step gives.</summary>
    public double MillisecondsPerToken => Usage.Decode.TotalMilliseconds / (Usage.GeneratedTokens - 1);
}

/// <summary>Pairs of a plain generation and one that guessed ahead, of the same prompt.</summary>
internal sealed class DraftComparison(string name)
{
    private const int LeastTokens = 8; // shorter ones have no speed worth the name

    private readonly List<double> _ratios = [];
    private readonly List<double> _noise = []; // by how much the margins of tokens that are the same differ
    private readonly List<double> _gaps = []; // plain margins where the texts part
    private double _plainTime;
    private double _draftedTime;
    private long _plainTokens;
    private long _draftedTokens;
    private long _guessed;
    private long _right;
    private int _pairs;

    public void Add(DraftRun plain, DraftRun drafted)
    {
        _pairs++;
        _guessed += drafted.Usage.DraftedTokens;
        _right += drafted.Usage.AcceptedTokens;
        if (plain.Trace.Count >= LeastTokens && drafted.Trace.Count >= LeastTokens)
        {
            _ratios.Add(plain.MillisecondsPerToken / drafted.MillisecondsPerToken);
            _plainTime += plain.Usage.Decode.TotalMilliseconds;
            _draftedTime += drafted.Usage.Decode.TotalMilliseconds;
            _plainTokens += plain.Usage.GeneratedTokens - 1;
            _draftedTokens += drafted.Usage.GeneratedTokens - 1;
        }

        for (var i = 0; i < Math.Min(plain.Trace.Count, drafted.Trace.Count); i++)
        {
            if (plain.Trace[i].Token != drafted.Trace[i].Token)
            {
                _gaps.Add(plain.Trace[i].Margin);
                return;
            }

            _noise.Add(Math.Abs(plain.Trace[i].Margin - drafted.Trace[i].Margin));
        }
    }

    public void Print()
    {
        _ratios.Sort();
        _noise.Sort();
        var (plain, drafted) = (_plainTokens / _plainTime * 1000, _draftedTokens / _draftedTime * 1000);
        Console.WriteLine($"{name}, {_pairs} prompts");
        Console.WriteLine($"  decoding               {plain:F0} -> {drafted:F0} tokens/s, {drafted / plain:F2} times; by prompt median {At(_ratios, 0.5):F2}, tenth {At(_ratios, 0.1):F2}, nine tenths {At(_ratios, 0.9):F2}");
        Console.WriteLine($"  guessed                {_guessed} tokens, {_right} of them right, {(double)_right / Math.Max(1, _draftedTokens):P0} of the text");
        Console.WriteLine($"  the same text          {_pairs - _gaps.Count} of {_pairs}; batch noise of a margin: median {At(_noise, 0.5):F4}, p99 {At(_noise, 0.99):F3}, p99.9 {At(_noise, 0.999):F3}, most {At(_noise, 1):F3}");
        if (_gaps.Count > 0) Console.WriteLine($"  parted at plain margins {string.Join(", ", _gaps.Order().Select(static gap => gap.ToString("F4")))}");
    }

    private static double At(List<double> sorted, double share) => sorted.Count == 0 ? double.NaN : sorted[(int)(share * (sorted.Count - 1))];
}
