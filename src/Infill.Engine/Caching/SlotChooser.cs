using System.Numerics;

namespace Infill.Engine.Caching;

/// <summary>Chooses a slot for a prompt. Pure: it looks at the books and changes nothing.</summary>
internal sealed class SlotChooser(IReadOnlyList<Slot> slots, KvLayout layout)
{
    /// <summary>Fewest slots side by side that are given away together.</summary>
    private const int RowLength = 8;

    /// <summary>
    /// Tokens that a copy must save. In one pool it costs next to nothing; between streams it moves a whole stream's memory:
    /// 4 ms for the default model's 29 MB, as long as five tokens of prefill take, and chunks under 16 tokens don't get cheaper.
    /// </summary>
    private readonly int _leastCopied = layout == KvLayout.Streams ? 16 : 1;

    /// <summary>Set once the model has refused to cut a slot's memory: then a slot is of use as a whole or not at all.</summary>
    public bool OnlyWhole { get; set; }

    /// <summary>
    /// The prompt's own slot is the one with the longest common prefix where most of the shorter of the two is common. A slot that
    /// shares only its beginning belongs to another document, whose cache is worth keeping: that beginning is copied, as is
    /// that of a running one, to an empty slot or the least recently used.
    /// </summary>
    /// <returns>False where all slots are running.</returns>
    public bool TryChoose(IReadOnlyList<int> prompt, out SlotChoice choice)
    {
        Slot? own = null;
        Slot? spare = null;
        Slot? longest = null;
        var (ownLength, longestLength) = (0, 0);
        foreach (var slot in slots)
        {
            var length = UsefulLength(slot, prompt);
            if (length > longestLength) (longest, longestLength) = (slot, length);
            if (slot.Owner is not null) continue;
            if (length > ownLength && 2 * length >= Math.Min(slot.Length, prompt.Count)) (own, ownLength) = (slot, length);
            if (spare is null || GoesBefore(slot, spare)) spare = slot;
        }

        choice = default;
        if ((own ?? spare) is not { } target) return false;

        choice = new SlotChoice(target, target, UsefulLength(target, prompt));
        if (longest is not null && longestLength - choice.Length >= _leastCopied) choice = new SlotChoice(target, longest, longestLength);
        return true;
    }

    /// <summary>Tokens at a prompt's start that some slot holds, whoever runs in it.</summary>
    public int LongestPrefix(IReadOnlyList<int> prompt)
    {
        var longest = 0;
        foreach (var slot in slots) longest = Math.Max(longest, UsefulLength(slot, prompt));
        return longest;
    }

    /// <summary>Tokens at a slot's start that the prompt begins with; its last token is computed in any case, for its logits.</summary>
    private int UsefulLength(Slot slot, IReadOnlyList<int> prompt)
    {
        var length = Math.Min(CommonPrefix(slot.Tokens, prompt), prompt.Count - 1);
        return OnlyWhole && length < slot.Length ? 0 : length;
    }

    private static int CommonPrefix(ReadOnlySpan<int> cached, IReadOnlyList<int> prompt)
    {
        var length = Math.Min(cached.Length, prompt.Count);
        for (var i = 0; i < length; i++)
        {
            if (cached[i] != prompt[i]) return i;
        }

        return length;
    }

    /// <summary>
    /// Which of two slots a new prompt should rather have: an empty one, best beside a running one, then the least recently used
    /// of the row that was least recently used, of the half that was.
    /// </summary>
    /// <remarks>
    /// Streams in a row are computed together, others one after another: 15 ms a step for eight in a row, 28 ms for eight apart
    /// (four: 10 and 14.5 ms, two: the same; Zen 4, 2 cores). Where there are many slots a burst of prompts therefore gets
    /// a row to itself, and a larger one rows side by side (16, one of them apart, had three quarters of the speed): slots are
    /// halved down to rows, and the older half goes first, as in a processor's tree of least recently used lines. Within
    /// a row a cached slot's place doesn't count: the next document's cache is worth more.
    /// </remarks>
    private bool GoesBefore(Slot slot, Slot other)
    {
        if (slot.Length == 0) return other.Length > 0 || (IsBesideRunning(slot) && !IsBesideRunning(other));
        if (other.Length == 0) return false;
        for (var length = (int)BitOperations.RoundUpToPowerOf2((uint)slots.Count) / 2; length >= RowLength; length /= 2)
        {
            var (part, otherPart) = (slot.Id / length, other.Id / length);
            if (part != otherPart) return LastUsed(part, length) < LastUsed(otherPart, length);
        }

        return slot.LastUsed < other.LastUsed;
    }

    /// <summary>When the last cached slot of a part was used; those that run are gone from it already.</summary>
    private long LastUsed(int part, int length)
    {
        var last = 0L;
        for (var id = part * length; id < Math.Min((part + 1) * length, slots.Count); id++)
        {
            if (slots[id].Owner is null) last = Math.Max(last, slots[id].LastUsed);
        }

        return last;
    }

    private bool IsBesideRunning(Slot slot) => IsRunning(slot.Id - 1) || IsRunning(slot.Id + 1);

    private bool IsRunning(int id) => id >= 0 && id < slots.Count && slots[id].Owner is not null;
}
