using System.Diagnostics;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Caching;

/// <summary>Gives a prompt the slot that already holds most of it, and evicts the least recently used when room is short.</summary>
/// <remarks>
/// Owned by the engine thread. The books: every slot's <see cref="Slot.Tokens"/> are exactly what the KV cache holds for its id.
/// A finished sequence leaves its tokens behind; they stay until a prompt takes the slot over or its cells are needed.
/// </remarks>
internal sealed class PrefixCache
{
    private readonly IModelRunner _model;
    private readonly Slot[] _slots;
    private long _clock;

    public PrefixCache(IModelRunner model)
    {
        _model = model;
        _slots = new Slot[model.MaxSequences];
        for (var i = 0; i < _slots.Length; i++)
        {
            _slots[i] = new Slot(i);
        }
    }

    public IReadOnlyList<Slot> Slots => _slots;

    /// <summary>Cells held by cached slots, and promised to running ones.</summary>
    /// <remarks>With one stream for each slot nobody competes for cells: what was admitted fits its own.</remarks>
    public int CellsInUse
    {
        get
        {
            var cells = 0;
            foreach (var slot in _slots)
            {
                cells += slot.Owner?.CellsNeeded ?? slot.Length;
            }

            return cells;
        }
    }

    /// <summary>Finds a slot and room for a waiting sequence; the slot then holds the longest common prefix that could be kept.</summary>
    /// <returns>False while running sequences hold the slots or cells that it needs.</returns>
    public bool TryAcquire(Sequence sequence, out Slot slot)
    {
        slot = null!;
        if (!MayFit(sequence) || !TryChoose(sequence.Tokens, out var chosen, out var common) || !TryMakeRoom(sequence, chosen)) return false;

        Truncate(chosen, common);
        chosen.Owner = sequence;
        chosen.LastUsed = ++_clock;
        slot = chosen;
        return true;
    }

    /// <summary>The sequence has ended: its slot stays as cache.</summary>
    public void Release(Slot slot)
    {
        Debug.Assert(slot.Owner is not null);
        slot.Owner = null;
        slot.LastUsed = ++_clock;
    }

    /// <summary>After a step that did not complete: takes over what the KV cache says it holds.</summary>
    public void Reconcile(Slot slot)
    {
        var length = Math.Min(_model.Length(slot.Id), slot.Length);
        if (length < slot.Length) slot.Truncate(length);
        Truncate(slot, length);
    }

    /// <summary>Forgets all but a slot's first tokens, or all of them where the memory can't be cut.</summary>
    public void Truncate(Slot slot, int length)
    {
        if (!_model.TryTruncate(slot.Id, length))
        {
            // Recurrent memory has no past to cut back to; removing the whole never fails.
            length = 0;
            var removed = _model.TryTruncate(slot.Id, 0);
            Debug.Assert(removed);
        }

        if (length < slot.Length) slot.Truncate(length);
        Debug.Assert(_model.Length(slot.Id) == slot.Length, "the books and the KV cache agree");
    }

    /// <summary>Has the KV cache forget what it computed for a slot beyond the books: drafted tokens that the model did not choose.</summary>
    /// <returns>False where the memory can't be cut there; then the slot is empty, and its sequence has to be computed again.</returns>
    public bool TryForgetDraft(Slot slot)
    {
        var length = slot.Length;
        Truncate(slot, length);
        return slot.Length == length;
    }

    /// <summary>Forgets a slot's tokens.</summary>
    public void Evict(Slot slot) => Truncate(slot, 0);

    /// <summary>Evicts the least recently used cached slot.</summary>
    public bool TryEvictOther(Slot? keep)
    {
        Slot? oldest = null;
        foreach (var slot in _slots)
        {
            if (slot.Owner is null && slot.Length > 0 && slot != keep && (oldest is null || slot.LastUsed < oldest.LastUsed)) oldest = slot;
        }

        if (oldest is null) return false;
        Evict(oldest);
        return true;
    }

    /// <summary>Cells that running sequences hold or may come to need: eviction can't free these.</summary>
    private int CellsPromised
    {
        get
        {
            var cells = 0;
            foreach (var slot in _slots)
            {
                cells += slot.Owner?.CellsNeeded ?? 0;
            }

            return cells;
        }
    }

    /// <summary>Whether there would be room for a sequence if all that is only cached were evicted.</summary>
    private bool MayFit(Sequence sequence) => _model.Layout == KvLayout.Streams || CellsPromised + sequence.CellsNeeded <= _model.ContextCells;

    private bool TryMakeRoom(Sequence sequence, Slot chosen)
    {
        if (_model.Layout == KvLayout.Streams) return true;

        // The chosen slot's own tokens beyond the common prefix are forgotten, so they need no room.
        while (CellsInUse - chosen.Length + sequence.CellsNeeded > _model.ContextCells)
        {
            if (!TryEvictOther(chosen)) return false;
        }

        return true;
    }

    /// <summary>
    /// The slot with the longest common prefix where most of the shorter of the two is common; else an empty one, else the oldest.
    /// A slot that shares only its beginning belongs to another document, whose cache is worth keeping.
    /// </summary>
    private bool TryChoose(IReadOnlyList<int> prompt, out Slot chosen, out int common)
    {
        Slot? best = null;
        Slot? spare = null;
        var bestCommon = 0;
        foreach (var slot in _slots)
        {
            if (slot.Owner is not null) continue;
            var length = CommonPrefix(slot.Tokens, prompt);
            if (length > bestCommon && 2 * length >= Math.Min(slot.Length, prompt.Count))
            {
                best = slot;
                bestCommon = length;
            }

            if (spare is null || GoesBefore(slot, spare)) spare = slot;
        }

        chosen = (best ?? spare)!;
        if (chosen is null)
        {
            common = 0;
            return false;
        }

        // The last token is computed again for its logits.
        common = Math.Min(CommonPrefix(chosen.Tokens, prompt), prompt.Count - 1);
        return true;
    }

    /// <summary>
    /// Which of two slots a new prompt should rather have: an empty one, best beside a running one, then the least recently used.
    /// </summary>
    /// <remarks>
    /// Streams in a row are computed together, others one after another: 15 ms a step for eight in a row, 28 ms for eight apart
    /// (four: 10 and 14.5 ms, two: the same; Zen 4, 2 cores). That is less than a document costs whose cache was evicted
    /// for it, so a cached slot's place never counts.
    /// </remarks>
    private bool GoesBefore(Slot slot, Slot other)
    {
        if (slot.Length > 0) return other.Length > 0 && slot.LastUsed < other.LastUsed;
        return other.Length > 0 || (IsBesideRunning(slot) && !IsBesideRunning(other));
    }

    private bool IsBesideRunning(Slot slot) =>
        (slot.Id > 0 && _slots[slot.Id - 1].Owner is not null) || (slot.Id + 1 < _slots.Length && _slots[slot.Id + 1].Owner is not null);

    private static int CommonPrefix(ReadOnlySpan<int> cached, IReadOnlyList<int> prompt)
    {
        var length = Math.Min(cached.Length, prompt.Count);
        for (var i = 0; i < length; i++)
        {
            if (cached[i] != prompt[i]) return i;
        }

        return length;
    }
}
