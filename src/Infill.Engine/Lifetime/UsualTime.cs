using System.Numerics;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Lifetime;

/// <summary>What steps of one size usually take. Owned by the engine thread.</summary>
/// <remarks>
/// Unlike <see cref="StepCost"/> it infers nothing of one size from another: a guess that is three times too low is good enough
/// to plan with, but would pass for a disturbance here.
/// </remarks>
/// <param name="settled">Observations of a size after which it is known.</param>
internal sealed class UsualTime(int settled)
{
    /// <summary>How much one observation weighs.</summary>
    private const double Weight = 0.2;

    /// <summary>Sizes that double: none, 1, 2 to 3, 4 to 7 … and so on.</summary>
    private const int Sizes = 16;

    /// <summary>The same for rows: sixteen sequences in a row take a fourth of what sixteen apart take.</summary>
    private const int RowSizes = 8;

    private readonly double[] _milliseconds = new double[Sizes * Sizes * RowSizes];
    private readonly int[] _seen = new int[Sizes * Sizes * RowSizes];

    /// <summary>Null while too few of that size were seen.</summary>
    public TimeSpan? Of(StepShape shape)
    {
        var index = Index(shape);
        return _seen[index] < settled ? null : TimeSpan.FromMilliseconds(_milliseconds[index]);
    }

    public void Learn(StepShape shape, TimeSpan took)
    {
        var index = Index(shape);
        var milliseconds = took.TotalMilliseconds;

        // Nothing makes a step much faster than it can be: what was learnt so far was learnt under load.
        if (_seen[index] == 0 || milliseconds < _milliseconds[index] / 2) _milliseconds[index] = milliseconds;
        else _milliseconds[index] += Weight * (milliseconds - _milliseconds[index]);
        if (_seen[index] < settled) _seen[index]++;
    }

    private static int Index(StepShape shape) =>
        (((Size(shape.DecodeSequences) * Sizes) + Size(shape.PrefillTokens)) * RowSizes) + Math.Min(Size(shape.DecodeRows), RowSizes - 1);

    private static int Size(int count) => count == 0 ? 0 : Math.Min(BitOperations.Log2((uint)count) + 1, Sizes - 1);
}
