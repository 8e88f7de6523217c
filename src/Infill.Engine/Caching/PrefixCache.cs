using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Caching;

/// <summary>Gives a prompt a slot that already holds most of it, and evicts the least recently used when room is short.</summary>
/// <remarks>
/// Owned by the engine thread. The books: every slot's <see cref="Slot.Tokens"/> are exactly what the KV cache holds for its id.
/// A finished sequence leaves its tokens behind; they stay until a prompt takes the slot over or its cells are needed.
/// With a stream for each slot nobody competes for cells. In one pool a beginning that several slots hold is stored once,
/// and counted once.
/// </remarks>
internal sealed class PrefixCache
{
    private IModelRunner _model;
    private Slot[] _slots;
    private SlotChooser _chooser;
    private SharedCells _shared;
    private long _clock;

    public PrefixCache(IModelRunner model) => Attach(model);

    public KvLayout Layout => _model.Layout;

    public IReadOnlyList<Slot> Slots => _slots;

    /// <summary>Keeps the books of a context that has just been made.</summary>
    [MemberNotNull(nameof(_model), nameof(_slots), nameof(_chooser), nameof(_shared))]
    public void Attach(IModelRunner model)
    {
        _model = model;
        Slot[] slots = [.. Enumerable.Range(0, model.MaxSequences).Select(static id => new Slot(id))];
        _chooser = new SlotChooser(slots, model.Layout);
        _shared = new SharedCells(slots.Length);
        _slots = slots;
    }

    /// <summary>The context is gone, and all that it held with it.</summary>
    public void Detach()
    {
        _slots = [];
        _chooser = new SlotChooser(_slots, _model.Layout); // nobody is told any more that something is cached
    }

    /// <summary>Cells held by cached slots, and promised to running ones.</summary>
    public int CellsInUse => CountCells(except: null, onlyRunning: false);

    /// <summary>Tokens at a prompt's start that need not be computed, if it began now.</summary>
    public int LongestPrefix(IReadOnlyList<int> prompt) => _chooser.LongestPrefix(prompt);

    /// <summary>Finds a slot and room for a waiting sequence; the slot then holds the longest common prefix that could be kept.</summary>
    /// <returns>False while running sequences hold the slots or cells that it needs.</returns>
    public bool TryAcquire(Sequence sequence, out Slot slot)
    {
        slot = null!;
        if (!_chooser.TryChoose(sequence.Tokens, out var choice) || !MayFit(sequence, choice)) return false;

        if (!choice.IsCopy)
        {
            Truncate(choice.Target, choice.Length);
        }
        else if (!TryCopy(choice))
        {
            _chooser.OnlyWhole = true; // what can't be copied in part can't be cut either
            if (!MayFit(sequence, new SlotChoice(choice.Target, choice.Target, 0))) return false;
        }

        slot = choice.Target;
        slot.Owner = sequence;
        slot.LastUsed = ++_clock;
        if (_model.Layout == KvLayout.Unified) MakeRoom();
        return true;
    }

    /// <summary>The sequence has ended: its slot stays as cache.</summary>
    public void Release(Slot slot)
    {
        Debug.Assert(slot.Owner is not null);
        slot.Owner = null;
        slot.LastUsed = ++_clock;
    }

    /// <summary>Forgets all but a slot's first tokens, or all of them where the memory can't be cut.</summary>
    public void Truncate(Slot slot, int length)
    {
        if (!_model.TryTruncate(slot.Id, length))
        {
            // Recurrent memory has no past to cut back to; removing the whole never fails.
            _chooser.OnlyWhole = true;
            length = 0;
            var removed = _model.TryTruncate(slot.Id, 0);
            Debug.Assert(removed);
        }

        if (length < slot.Length)
        {
            slot.Truncate(length);
            _shared.Truncated(slot.Id, length);
        }

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

    /// <summary>Has the books follow what was computed elsewhere and moved into a slot.</summary>
    /// <param name="slot">Of a running sequence.</param>
    /// <param name="tokens">The sequence's, with which what is there begins.</param>
    public void TakeIn(Slot slot, IReadOnlyList<int> tokens)
    {
        var before = slot.Length;
        var length = _model.Length(slot.Id);
        if (length < before) slot.Truncate(length);
        else slot.Append(tokens, before, length - before);
    }

    /// <summary>Forgets a slot's tokens.</summary>
    public void Evict(Slot slot) => Truncate(slot, 0);

    /// <summary>Evicts the least recently used cached slot.</summary>
    /// <returns>False where nothing is merely cached.</returns>
    public bool TryEvict()
    {
        Slot? oldest = null;
        foreach (var slot in _slots)
        {
            if (slot.Owner is null && slot.Length > 0 && (oldest is null || slot.LastUsed < oldest.LastUsed)) oldest = slot;
        }

        if (oldest is null) return false;
        Evict(oldest);
        return true;
    }

    /// <summary>Whether there would be room for a sequence if all that is only cached were evicted.</summary>
    private bool MayFit(Sequence sequence, SlotChoice choice)
    {
        if (_model.Layout == KvLayout.Streams) return true; // what was submitted fits a stream
        var shared = 0;
        foreach (var slot in _slots)
        {
            if (slot.Owner is null) continue;
            shared = Math.Max(shared, slot == choice.Source ? choice.Length : Math.Min(choice.Length, _shared.Between(slot.Id, choice.Source.Id)));
        }

        return CountCells(except: choice.Target, onlyRunning: true) + sequence.CellsNeeded - shared <= _model.ContextCells;
    }

    private void MakeRoom()
    {
        while (CellsInUse > _model.ContextCells && TryEvict())
        {
        }

        Debug.Assert(CellsInUse <= _model.ContextCells, "it was seen before that there would be room");
    }

    private bool TryCopy(SlotChoice choice)
    {
        var (target, source, length) = choice;
        Evict(target);
        if (!_model.TryCopy(source.Id, target.Id, length)) return false;

        target.Append(source.Tokens[..length]);
        source.LastUsed = ++_clock; // others may begin like that too
        if (_model.Layout == KvLayout.Unified) _shared.Copied(source.Id, target.Id, length);
        return true;
    }

    /// <summary>Cells that slots hold, or may come to need while they run; those that several hold count once.</summary>
    private int CountCells(Slot? except, bool onlyRunning)
    {
        var cells = 0;
        for (var i = 0; i < _slots.Length; i++)
        {
            if (!Counts(_slots[i])) continue;
            var counted = 0; // of its first cells, by a slot before it
            for (var before = 0; before < i; before++)
            {
                if (Counts(_slots[before])) counted = Math.Max(counted, _shared.Between(i, before));
            }

            cells += (_slots[i].Owner?.CellsNeeded ?? _slots[i].Length) - counted;
        }

        return cells;

        bool Counts(Slot slot) => slot != except && (slot.Owner is not null || !onlyRunning);
    }
}
