using Infill.Engine;
using Infill.Engine.Caching;
using Xunit;

namespace Infill.Tests.Engine.Caching;

public sealed class CacheSizeTests
{
    private const long Mebibyte = 1 << 20;
    private const long Plenty = 100_000 * Mebibyte;

    [Fact]
    public void Each_stream_has_the_tokens_of_a_sequence_in_whole_granules()
    {
        var size = CacheSize.For(new EngineOptions { MaxSequences = 3, SequenceTokens = 1000 }, 4096, 1024, 0, Plenty);

        Assert.Equal(new CacheSize(Slots: 3, SlotTokens: 1000, Cells: 3 * 1024), size);
    }

    [Theory]
    [InlineData(KvLayout.Streams)]
    [InlineData(KvLayout.Unified)]
    public void A_sequence_is_never_longer_than_what_the_model_was_trained_on(KvLayout layout)
    {
        var size = CacheSize.For(new EngineOptions { Layout = layout, SequenceTokens = 100_000 }, 2048, 1024, 0, Plenty);

        Assert.Equal(2048, size.SlotTokens);
    }

    [Fact]
    public void One_pool_is_as_large_as_the_streams_would_be_unless_it_is_set()
    {
        var options = new EngineOptions { Layout = KvLayout.Unified, MaxSequences = 4, SequenceTokens = 1024 };

        Assert.Equal(new CacheSize(4, 1024, 4096), CacheSize.For(options, 2048, 1024, 0, Plenty));
        Assert.Equal(new CacheSize(4, 600, 600), CacheSize.For(options with { ContextCells = 600 }, 2048, 1024, 0, Plenty));
    }

    [Fact]
    public void Under_a_memory_limit_there_are_as_many_sequences_as_fit_beside_the_weights()
    {
        var options = new EngineOptions { MaxSequences = 8, SequenceTokens = 1024, MemoryLimit = 100 * Mebibyte };

        var size = CacheSize.For(options, 2048, cellBytes: 16 * 1024, weightBytes: 50 * Mebibyte, Plenty);

        Assert.Equal(new CacheSize(3, 1024, 3 * 1024), size);
    }

    [Theory]
    [InlineData(KvLayout.Streams, "The weights need 50 MiB and a KV cache of 1024 tokens 16 MiB; the memory limit is 60 MiB. Raise it, or ask for fewer tokens.")]
    [InlineData(KvLayout.Unified, "The weights need 50 MiB and a KV cache of 8192 tokens 128 MiB; the memory limit is 60 MiB. Raise it, or ask for fewer tokens.")]
    public void A_limit_that_leaves_no_room_is_refused_with_the_amounts(KvLayout layout, string sentence)
    {
        var options = new EngineOptions { Layout = layout, MaxSequences = 8, SequenceTokens = 1024, MemoryLimit = 60 * Mebibyte };

        var e = Assert.Throws<EngineException>(() => CacheSize.For(options, 2048, cellBytes: 16 * 1024, weightBytes: 50 * Mebibyte, Plenty));

        Assert.Equal(sentence, e.Message);
    }

    [Fact]
    public void More_than_the_machine_has_is_refused_with_the_amounts()
    {
        var options = new EngineOptions { MaxSequences = 8, SequenceTokens = 1024 };

        var e = Assert.Throws<EngineException>(() => CacheSize.For(options, 2048, cellBytes: 16 * 1024, weightBytes: 0, availableBytes: 100 * Mebibyte));

        Assert.Equal("A KV cache of 8192 tokens needs 128 MiB and 100 MiB are available; ask for fewer sequences or fewer tokens of each.", e.Message);
    }

    [Theory]
    [InlineData(KvLayout.Streams)]
    [InlineData(KvLayout.Unified)]
    public void On_a_GPU_there_are_fewer_slots_where_not_all_fit_but_at_least_half(KvLayout layout)
    {
        var options = new EngineOptions { Layout = layout, MaxSequences = 8, SequenceTokens = 1024 };
        const long CellBytes = 16 * 1024;

        Assert.Equal(new CacheSize(8, 1024, 8192), CacheSize.Fit(options, 2048, CellBytes, 0, freeBytes: 8192 * CellBytes));
        Assert.Equal(new CacheSize(5, 1024, 5120), CacheSize.Fit(options, 2048, CellBytes, 0, freeBytes: (6144 * CellBytes) - 1));
    }

    [Fact]
    public void On_a_GPU_with_less_room_keys_and_values_have_eight_bits()
    {
        var options = new EngineOptions { MaxSequences = 8, SequenceTokens = 1024 };
        const long CellBytes = 32 * 1024;

        var size = CacheSize.Fit(options, 2048, CellBytes, 0, freeBytes: 2048 * CellBytes);

        Assert.Equal(new CacheSize(3, 1024, 3072, IsHalved: true), size);
        Assert.InRange(size.Cells * (CellBytes * 17 / 32), 0, 2048 * CellBytes);
    }

    [Fact]
    public void A_GPU_without_room_for_one_slot_says_what_it_lacks()
    {
        var options = new EngineOptions { MaxSequences = 8, SequenceTokens = 1024 };

        var e = Assert.Throws<EngineException>(() => CacheSize.Fit(options, 2048, cellBytes: 32 * 1024, 0, freeBytes: 10 * Mebibyte));

        Assert.Contains("A KV cache of 1024 tokens needs 17 MiB and 10 MiB are available", e.Message, StringComparison.Ordinal);
    }
}
