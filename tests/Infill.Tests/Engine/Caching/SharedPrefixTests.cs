using Infill.Engine;
using Infill.Engine.Caching;
using Infill.Tests.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Caching;

/// <summary>Prompts that begin like another slot's, which must keep what it has.</summary>
public sealed class SharedPrefixTests
{
    private const string Beginning = "<repo>here<file>a.cs and twenty letters ";

    [Theory]
    [InlineData(KvLayout.Streams)]
    [InlineData(KvLayout.Unified)]
    public void The_beginning_of_a_running_sequence_is_copied_rather_than_computed(KvLayout layout)
    {
        using var bench = Bench(layout);
        var running = bench.Add(Prompts.Bytes(Beginning + "one"));
        bench.Step();

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes(Beginning + "two")), out var slot);

        Assert.NotSame(running.Slot, slot);
        Assert.Equal(Prompts.Bytes(Beginning), bench.Model.TokensOf(slot.Id));
    }

    [Theory]
    [InlineData(KvLayout.Streams)]
    [InlineData(KvLayout.Unified)]
    public void The_beginning_of_another_document_is_copied_and_that_document_stays(KvLayout layout)
    {
        using var bench = Bench(layout);
        var other = bench.Cached(Prompts.Bytes(Beginning + new string('o', 100)));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes(Beginning + new string('n', 100))), out var slot);

        Assert.Equal((Beginning.Length, Beginning.Length + 100), (slot.Length, other.Length));
    }

    [Fact]
    public void Between_streams_a_few_tokens_are_computed_rather_than_copied()
    {
        using var bench = Bench(KvLayout.Streams);
        bench.Cached(Prompts.Bytes("fifteen letters" + new string('o', 100)));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("fifteen letters" + new string('n', 100))), out var slot);

        Assert.Equal((0, 0), (slot.Length, bench.Model.Copies));
    }

    [Fact]
    public void In_one_pool_cells_that_several_slots_hold_count_once()
    {
        using var bench = Bench(KvLayout.Unified);
        bench.Cached([.. Prompts.Long(40, 'b'), .. Prompts.Long(60, 'o')]);
        bench.Cached([.. Prompts.Long(40, 'b'), .. Prompts.Long(60, 'n')]);
        bench.Cached([.. Prompts.Long(40, 'b'), .. Prompts.Long(60, 'm')]);

        Assert.Equal((40 + 180, 40 + 180), (bench.Cache.CellsInUse, bench.Model.CellsHeld));
    }

    [Fact]
    public void A_prompt_that_fits_only_because_its_beginning_runs_already_is_admitted()
    {
        using var bench = Bench(KvLayout.Unified, cells: 150);
        bench.Add([.. Prompts.Long(80, 'b'), .. Prompts.Long(20, 'o')], maxTokens: 10);
        bench.Step();

        var taken = bench.Cache.TryAcquire(bench.Waiting([.. Prompts.Long(80, 'b'), .. Prompts.Long(20, 'n')], maxTokens: 10), out _);

        Assert.True(taken);
        Assert.Equal(110 + 30, bench.Cache.CellsInUse);
    }

    [Fact]
    public void Evicting_one_holder_leaves_the_other_s_tokens()
    {
        using var bench = Bench(KvLayout.Unified);
        var first = bench.Cached([.. Prompts.Long(40, 'b'), .. Prompts.Long(60, 'o')]);
        var second = bench.Cached([.. Prompts.Long(40, 'b'), .. Prompts.Long(60, 'n')]);

        bench.Cache.Evict(first);

        Assert.Equal((100, 100, 100), (second.Length, bench.Model.Length(second.Id), bench.Cache.CellsInUse));
    }

    [Theory]
    [InlineData(KvLayout.Streams)]
    [InlineData(KvLayout.Unified)]
    public void Where_memory_can_not_be_copied_in_part_the_prompt_is_computed_and_the_other_stays(KvLayout layout)
    {
        using var bench = new SchedulerBench(model: new ScriptedModel { Layout = layout, RefusesPartialTruncation = true });
        var other = bench.Cached(Prompts.Bytes(Beginning + new string('o', 100)));

        var taken = bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes(Beginning + new string('n', 100))), out var slot);

        Assert.True(taken);
        Assert.Equal((0, Beginning.Length + 100, 0), (slot.Length, other.Length, bench.Model.Copies));
    }

    [Fact]
    public void A_memory_known_not_to_be_cut_is_not_taken_from_a_document_that_can_not_use_it()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel { RefusesPartialTruncation = true });
        bench.Cached(Prompts.Bytes("def add(a, b):"));
        bench.Cached(Prompts.Bytes("def add(x"));
        var kept = bench.Cached(Prompts.Bytes("class Stack:"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("class Store")), out var slot);

        Assert.NotSame(kept, slot);
        Assert.Equal("class Stack:".Length, bench.Model.Length(kept.Id));
    }

    [Theory]
    [InlineData(KvLayout.Streams, 1)]
    [InlineData(KvLayout.Streams, 2)]
    [InlineData(KvLayout.Unified, 3)]
    [InlineData(KvLayout.Unified, 4)]
    public async Task Random_prompts_that_begin_alike_get_the_texts_they_would_get_alone(KvLayout layout, int seed)
    {
#pragma warning disable CA5394 // repeatable by seed
        var random = new Random(seed);
        for (var round = 0; round < 150; round++)
        {
            var model = new ScriptedModel(contextCells: random.Next(150, 400), maxSequences: random.Next(1, 7), contextTokens: 150)
            {
                Layout = layout,
                RefusesPartialTruncation = random.Next(5) == 0,
            };
            await using var bench = await EngineBench.StartAsync(model, new EngineOptions { MaxBatchTokens = random.Next(8, 100), MaxRunning = random.Next(1, 6) });
            for (var wave = 0; wave < 4; wave++)
            {
                var requests = Enumerable.Range(0, random.Next(1, 6))
                    .Select(_ => new GenerationRequest(Branch(random)) { MaxTokens = random.Next(1, 20) }).ToList();

                var texts = await Task.WhenAll(requests.Select(request => bench.RunAsync(request)));

                Assert.Equal(requests.Select(request => model.TextAfter(request.Prompt, request.MaxTokens)), texts.Select(static generation => generation.Text));
                await bench.AssertQuietAsync();
                Assert.Equal(model.CellsHeld, await bench.Engine.InspectAsync(static loop => loop.Cache.CellsInUse));
            }
        }
#pragma warning restore CA5394
    }

#pragma warning disable CA5394
    /// <summary>One of few beginnings, cut somewhere, and an end of its own.</summary>
    private static List<int> Branch(Random random)
    {
        var stem = Prompts.Long(random.Next(1, 90), (char)('a' + random.Next(2)));
        return [.. stem, .. Enumerable.Range(0, random.Next(1, 40)).Select(_ => 'a' + random.Next(3))];
    }
#pragma warning restore CA5394

    private static SchedulerBench Bench(KvLayout layout, int cells = 1024) => new(model: new ScriptedModel(contextCells: cells) { Layout = layout });
}
