namespace Infill.Engine.Caching;

/// <summary>Which cells of one pool belong to several slots. Owned by the engine thread.</summary>
/// <remarks>
/// A slot's beginning is copied, and slots grow and shrink at their ends alone; so what two of them share is always the first
/// cells of both, and their number says it all.
/// </remarks>
internal sealed class SharedCells(int slots)
{
    private readonly int[] _common = new int[slots * slots]; // [a, b]: the first cells that a and b have in common; kept both ways

    /// <summary>The cells that two different slots share.</summary>
    public int Between(int a, int b) => _common[(a * slots) + b];

    /// <summary>An empty slot was given the first cells of another.</summary>
    public void Copied(int from, int to, int length)
    {
        for (var other = 0; other < slots; other++)
        {
            if (other != from && other != to) Set(to, other, Math.Min(length, Between(from, other)));
        }

        Set(to, from, length);
    }

    public void Truncated(int slot, int length)
    {
        for (var other = 0; other < slots; other++)
        {
            if (Between(slot, other) > length) Set(slot, other, length);
        }
    }

    private void Set(int a, int b, int length) => _common[(a * slots) + b] = _common[(b * slots) + a] = length;
}
