namespace Infill.Engine.Caching;

/// <summary>Where a prompt shall be computed, and what it need not compute.</summary>
/// <param name="Target">A slot that nobody runs in; what it holds beyond the kept tokens is forgotten.</param>
/// <param name="Source">Whose first tokens the prompt begins with: the target's own, or another's that are to be copied.</param>
/// <param name="Length">How many.</param>
internal readonly record struct SlotChoice(Slot Target, Slot Source, int Length)
{
    public bool IsCopy => Target != Source;
}
