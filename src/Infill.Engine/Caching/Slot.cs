using System.Runtime.InteropServices;
using Infill.Engine.Scheduling;

namespace Infill.Engine.Caching;

/// <summary>One sequence id of the KV cache, and the tokens that it holds. Owned by the engine thread.</summary>
internal sealed class Slot(int id)
{
    private readonly List<int> _tokens = [];

    public int Id { get; } = id;

    /// <summary>The running sequence that computes into this slot; null while it is only cached or empty.</summary>
    public Sequence? Owner { get; set; }

    /// <summary>Grows with every use; the smallest is evicted first.</summary>
    public long LastUsed { get; set; }

    public int Length => _tokens.Count;

    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    public void Append(IReadOnlyList<int> tokens, int start, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _tokens.Add(tokens[start + i]);
        }
    }

    public void Append(ReadOnlySpan<int> tokens) => _tokens.AddRange(tokens);

    /// <summary>So many tokens will come; none of them then costs memory of its own.</summary>
    public void Reserve(int length) => _tokens.EnsureCapacity(length);

    public void Truncate(int length) => CollectionsMarshal.SetCount(_tokens, length);
}
