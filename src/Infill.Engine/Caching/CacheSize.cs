namespace Infill.Engine.Caching;

/// <summary>What a KV cache is made of: what the options ask for, as far as model and memory allow.</summary>
/// <param name="Slots">Sequence ids.</param>
/// <param name="SlotTokens">Tokens that one sequence may have.</param>
/// <param name="Cells">Tokens that are held, over all slots.</param>
/// <param name="IsHalved">Whether keys and values have eight bits instead of sixteen.</param>
internal readonly record struct CacheSize(int Slots, int SlotTokens, int Cells, bool IsHalved = false)
{
    /// <summary>llama.cpp rounds the cells of a stream up to a multiple of this.</summary>
    private const int Granule = 256;

    /// <param name="options">What is asked for.</param>
    /// <param name="trainedTokens">Longest text that the model was trained on.</param>
    /// <param name="cellBytes">Bytes of one cell.</param>
    /// <param name="weightBytes">Bytes of the weights, which are in memory already.</param>
    /// <param name="availableBytes">Bytes that are free.</param>
    /// <exception cref="EngineException">It does not fit; the message has the amounts.</exception>
    public static CacheSize For(EngineOptions options, int trainedTokens, long cellBytes, long weightBytes, long availableBytes)
    {
        var size = options.Layout == KvLayout.Streams
            ? Streams(options, trainedTokens, cellBytes, weightBytes)
            : Unified(options, trainedTokens, cellBytes, weightBytes);
        var needed = size.Cells * cellBytes;
        if (needed > availableBytes)
        {
            throw new EngineException(
                $"A KV cache of {size.Cells} tokens needs {Mebibytes(needed)} and {Mebibytes(availableBytes)} are available; " +
                "ask for fewer sequences or fewer tokens of each.");
        }

        return size;
    }

    /// <summary>The same on a GPU, where more is never to be had: rather than fail it takes half the slots, then eight bits, then one slot.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="trainedTokens">Longest text that the model was trained on.</param>
    /// <param name="cellBytes">Bytes of one cell with sixteen bits, of the layers that are there.</param>
    /// <param name="weightBytes">Bytes of the weights.</param>
    /// <param name="freeBytes">Bytes that are free there for the cache.</param>
    /// <exception cref="EngineException">Not even one slot fits; the message has the amounts.</exception>
    public static CacheSize Fit(EngineOptions options, int trainedTokens, long cellBytes, long weightBytes, long freeBytes)
    {
        var halvedBytes = cellBytes * 17 / 32; // ggml's q8_0: 32 values and a scale in 34 bytes
        var half = Math.Max(options.MaxSequences / 2, 1);
        if (TryFit(options.MaxSequences, half, cellBytes) is { } plain) return plain;
        if (TryFit(options.MaxSequences, 1, halvedBytes) is { } halved) return halved with { IsHalved = true };
        return For(Of(1), trainedTokens, halvedBytes, weightBytes, freeBytes);

        CacheSize? TryFit(int most, int least, long bytes)
        {
            for (var slots = most; slots >= least; slots--)
            {
                var size = options.Layout == KvLayout.Streams ? Streams(Of(slots), trainedTokens, bytes, weightBytes) : Unified(Of(slots), trainedTokens, bytes, weightBytes);
                if (size.Cells * bytes <= freeBytes) return size;
            }

            return null;
        }

        // A pool shrinks with the slots that share it.
        EngineOptions Of(int slots) => options with { MaxSequences = slots, ContextCells = (int)((long)options.ContextCells * slots / options.MaxSequences) };
    }

    private static CacheSize Streams(EngineOptions options, int trainedTokens, long cellBytes, long weightBytes)
    {
        var tokens = Math.Min(options.SequenceTokens, trainedTokens);
        var cells = (tokens + Granule - 1) / Granule * Granule;
        var slots = options.MaxSequences;
        if (options.MemoryLimit is { } limit)
        {
            var fitting = (limit - weightBytes) / Math.Max(cells * cellBytes, 1);
            if (limit < weightBytes || fitting < 1) throw OverLimit(limit, weightBytes, cells, cellBytes);
            slots = (int)Math.Min(slots, fitting);
        }

        return new CacheSize(slots, tokens, checked(slots * cells));
    }

    private static CacheSize Unified(EngineOptions options, int trainedTokens, long cellBytes, long weightBytes)
    {
        var cells = options.ContextCells;
        if (options.MemoryLimit is { } limit && weightBytes + (cells * cellBytes) > limit) throw OverLimit(limit, weightBytes, cells, cellBytes);
        return new CacheSize(options.MaxSequences, Math.Min(Math.Min(options.SequenceTokens, trainedTokens), cells), cells);
    }

    private static EngineException OverLimit(long limit, long weightBytes, int cells, long cellBytes) =>
        new($"The weights need {Mebibytes(weightBytes)} and a KV cache of {cells} tokens {Mebibytes(cells * cellBytes)}; " +
            $"the memory limit is {Mebibytes(limit)}. Raise it, or ask for fewer tokens.");

    private static string Mebibytes(long bytes) => $"{bytes / (double)(1 << 20):F0} MiB";
}
