namespace Infill.Engine.Drafting;

/// <summary>What a step of one sequence costs by its tokens, each with logits, as a multiple of a step of one token.</summary>
/// <remarks>
/// Multiples rather than times, so that a machine that is busy, or a context that has grown, changes nothing. They are far from
/// the number of tokens: on a CPU two cost twice as much as one, 64 less than 48, for there the attention kernels' tiles begin;
/// on a GPU eight cost hardly more than one.
/// </remarks>
internal sealed class DraftCost
{
    /// <summary>How much one step weighs in the mean.</summary>
    private const double Weight = 0.15;

    /// <summary>How far each step lets what other steps taught slip back to the prior: a size that once seemed too dear is tried again.</summary>
    private const double Slip = 1.0 / 1024;

    /// <summary>A step that took more than this many times what it should was disturbed; it counts as if it had taken that.</summary>
    private const double Outlier = 2;

    private static readonly int[] SizeTable = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64];

    /// <summary>Measured on two cores of a Zen 4 with a model of 50 million parameters.</summary>
    private static readonly double[] Prior = [1, 2, 2.6, 2.9, 3.6, 4.2, 5.4, 6.5, 9.5, 12, 17];

    private readonly double[] _multiples = [.. Prior];
    private double _single; // milliseconds of a step of one token; 0 before the first

    /// <summary>Tokens that a drafting step may have, growing: few sizes, so that each is measured often.</summary>
    public static ReadOnlySpan<int> Sizes => SizeTable;

    /// <summary>What a step of so many tokens costs. Fewer never cost more than more do: the step could be filled up.</summary>
    /// <param name="sizeIndex">Into <see cref="Sizes"/>.</param>
    public double Multiple(int sizeIndex)
    {
        var least = _multiples[sizeIndex];
        for (var i = sizeIndex + 1; i < _multiples.Length; i++)
        {
            least = Math.Min(least, _multiples[i]);
        }

        return least;
    }

    /// <summary>Takes a completed step of one sequence into account, of which every token had logits.</summary>
    public void Observe(int tokens, TimeSpan time)
    {
        var index = Array.IndexOf(SizeTable, tokens);
        var milliseconds = time.TotalMilliseconds;
        if (index < 0 || milliseconds <= 0) return; // a clock that stands still tells nothing
        if (index == 0)
        {
            _single = _single == 0 ? milliseconds : _single + (Weight * (Math.Min(milliseconds, Outlier * _single) - _single));
        }
        else if (_single > 0)
        {
            var multiple = Math.Min(milliseconds / _single, Outlier * _multiples[index]);
            _multiples[index] += Weight * (multiple - _multiples[index]);
        }

        for (var i = 1; i < _multiples.Length; i++)
        {
            if (i != index) _multiples[i] += Slip * (Prior[i] - _multiples[i]);
        }
    }
}
