using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Engine.Caching;

public sealed class PrefixCacheTests
{
    [Fact]
    public void The_slot_with_the_longest_common_prefix_is_taken()
    {
        using var bench = new SchedulerBench();
        bench.Cached(Prompts.Bytes("using System;\nclass A"));
        var longer = bench.Cached(Prompts.Bytes("class B { int x; }"));

        var taken = bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("class B { int y; }")), out var slot);

        Assert.True(taken);
        Assert.Same(longer, slot);
        Assert.Equal(Prompts.Bytes("class B { int "), slot.Tokens.ToArray());
    }

    [Fact]
    public void Typing_on_reuses_the_documents_own_slot()
    {
        using var bench = new SchedulerBench();
        var own = bench.Cached(Prompts.Bytes("suffix|def add(a"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("suffix|def add(a, b")), out var slot);

        Assert.Same(own, slot);
        Assert.Equal("suffix|def add(a".Length, slot.Length);
    }

    [Fact]
    public void A_slot_that_shares_only_its_beginning_is_another_documents_and_stays()
    {
        using var bench = new SchedulerBench();
        var other = bench.Cached(Prompts.Bytes("repo:x file:a.cs and all that stands in it"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("repo:x file:b.cs with something else inside")), out var slot);

        Assert.NotSame(other, slot);
        Assert.Equal("repo:x file:a.cs and all that stands in it".Length, other.Length);
    }

    [Fact]
    public void A_running_slot_is_never_taken()
    {
        using var bench = new SchedulerBench();
        var running = bench.Add(Prompts.Bytes("the same prompt"));
        bench.Step();

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("the same prompt")), out var slot);

        Assert.NotSame(running.Slot, slot);
        Assert.Equal("the same prompt".Length, running.ComputedTokens);
    }

    [Fact]
    public void The_last_token_of_a_cached_prompt_is_computed_again_for_its_logits()
    {
        using var bench = new SchedulerBench();
        bench.Cached(Prompts.Bytes("again"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("again")), out var slot);

        Assert.Equal("again".Length - 1, slot.Length);
    }

    [Fact]
    public void A_prompt_of_one_token_takes_nothing_from_the_cache()
    {
        using var bench = new SchedulerBench();
        bench.Cached(Prompts.Bytes("a"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("a")), out var slot);

        Assert.Equal(0, slot.Length);
    }

    [Fact]
    public void A_shorter_prompt_keeps_what_it_shares_and_forgets_the_rest()
    {
        using var bench = new SchedulerBench();
        var own = bench.Cached(Prompts.Bytes("def add(a, b):"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("def add")), out var slot);

        Assert.Same(own, slot);
        Assert.Equal(Prompts.Bytes("def ad"), bench.Model.TokensOf(slot.Id));
    }

    [Fact]
    public void Where_no_slot_is_empty_the_least_recently_used_is_taken()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(maxSequences: 2));
        var old = bench.Cached(Prompts.Bytes("aaaa"));
        var recent = bench.Cached(Prompts.Bytes("bbbb"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("cccc")), out var slot);

        Assert.Same(old, slot);
        Assert.Equal(4, recent.Length);
    }

    [Fact]
    public void A_burst_of_new_documents_gets_a_row_of_slots_that_can_be_computed_together()
    {
        using var bench = new SchedulerBench(model: InStreams(16));
        var sequences = Enumerable.Range(0, 16).Select(i => bench.Add(4, kind: (char)('a' + i))).ToList();
        bench.Step();
        foreach (var ended in sequences.OrderBy(static sequence => (sequence.Slot!.Id * 5) % 16)) bench.Scheduler.Finish(ended); // slot 3 last, so the second row is older

        var taken = Enumerable.Range(0, 8).Select(i => bench.Add(4, kind: (char)('A' + i))).ToList();
        bench.Step();

        Assert.Equal(Enumerable.Range(8, 8), taken.Select(static sequence => sequence.Slot!.Id).Order());
    }

    [Fact]
    public void A_burst_of_more_documents_than_a_row_has_slots_gets_rows_side_by_side()
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxRunning = 32 }, InStreams(32));
        var sequences = Enumerable.Range(0, 32).Select(i => bench.Add(4, kind: (char)('a' + i))).ToList();
        bench.Step();
        int[] oldestFirst = [0, 2, 1, 3]; // rows: the two that were left alone for longest are no neighbours
        foreach (var ended in sequences.OrderBy(sequence => Array.IndexOf(oldestFirst, sequence.Slot!.Id / 8))) bench.Scheduler.Finish(ended);

        var burst = Enumerable.Range(0, 16).Select(i => bench.Add(4, kind: (char)('A' + i))).ToList();
        bench.Step();

        Assert.Equal(Enumerable.Range(0, 16), burst.Select(static sequence => sequence.Slot!.Id).Order());
    }

    [Fact]
    public void A_new_document_gets_an_empty_slot_beside_a_running_one()
    {
        using var bench = new SchedulerBench(model: InStreams(6));
        var sequences = Enumerable.Range(0, 6).Select(i => bench.Add(4, kind: (char)('a' + i))).ToList();
        bench.Step();
        foreach (var ended in sequences.Where(static (_, i) => i != 4))
        {
            var slot = ended.Slot!;
            bench.Scheduler.Finish(ended);
            bench.Cache.Evict(slot);
        }

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("new")), out var taken);

        Assert.Equal((4, 3), (sequences[4].Slot!.Id, taken.Id));
    }

    [Fact]
    public void A_cached_document_is_not_evicted_for_its_place_beside_a_running_one()
    {
        using var bench = new SchedulerBench(model: InStreams(3));
        var beside = bench.Cached(Prompts.Bytes("aaaa"));
        var running = bench.Add(4, kind: 'b');
        bench.Step();

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("cccc")), out var slot);

        Assert.Equal((0, 1, 2), (beside.Id, running.Slot!.Id, slot.Id));
    }

    [Fact]
    public void In_streams_nobody_waits_for_another_s_cells()
    {
        using var bench = new SchedulerBench(model: InStreams(3));
        var cached = bench.Cached(Prompts.Long(30, 'a'));
        bench.Add(20, maxTokens: 12, kind: 'b');
        bench.Step();

        var taken = bench.Cache.TryAcquire(bench.Waiting(Prompts.Long(20, 'c'), maxTokens: 12), out _);

        Assert.True(taken);
        Assert.Equal(30, cached.Length);
    }

    [Fact]
    public void Where_cells_are_short_the_least_recently_used_slot_is_evicted_first()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(contextCells: 30));
        var old = bench.Cached(Prompts.Long(10, 'a'));
        var recent = bench.Cached(Prompts.Long(10, 'b'));

        var taken = bench.Cache.TryAcquire(bench.Waiting(Prompts.Long(10, 'c'), maxTokens: 8), out _);

        Assert.True(taken);
        Assert.Equal((0, 10), (old.Length, recent.Length));
    }

    [Fact]
    public void Using_a_slot_again_makes_it_the_last_to_be_evicted()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(contextCells: 30));
        var first = bench.Cached(Prompts.Long(10, 'a'));
        var second = bench.Cached(Prompts.Long(10, 'b'));
        bench.Cached(Prompts.Long(10, 'a'));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Long(10, 'c'), maxTokens: 8), out _);

        Assert.Equal((10, 0), (first.Length, second.Length));
    }

    [Fact]
    public void A_request_that_must_wait_for_running_ones_evicts_nobody_in_vain()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(contextCells: 50));
        var cached = bench.Cached(Prompts.Long(10, 'a'));
        bench.Add(20, maxTokens: 10, kind: 'b');
        bench.Step();

        var taken = bench.Cache.TryAcquire(bench.Waiting(Prompts.Long(20, 'c'), maxTokens: 10), out _);

        Assert.False(taken);
        Assert.Equal(10, cached.Length);
    }

    [Fact]
    public void While_every_slot_runs_nothing_is_acquired()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel(maxSequences: 1));
        bench.Add(4);
        bench.Step();

        var taken = bench.Cache.TryAcquire(bench.Waiting(Prompts.Long(4)), out _);

        Assert.False(taken);
    }

    [Fact]
    public void A_memory_that_can_not_be_cut_is_emptied_instead()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel { RefusesPartialTruncation = true });
        bench.Cached(Prompts.Bytes("def add(a, b):"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("def add(x")), out var slot);

        Assert.Equal((0, 0), (slot.Length, bench.Model.Length(slot.Id)));
    }

    [Fact]
    public void A_memory_that_can_not_be_cut_still_serves_a_prompt_that_only_grows()
    {
        using var bench = new SchedulerBench(model: new ScriptedModel { RefusesPartialTruncation = true });
        bench.Cached(Prompts.Bytes("def add(a"));

        bench.Cache.TryAcquire(bench.Waiting(Prompts.Bytes("def add(a, b")), out var slot);

        Assert.Equal("def add(a".Length, slot.Length);
    }

    [Fact]
    public void Running_requests_count_with_all_they_may_come_to_need()
    {
        using var bench = new SchedulerBench();
        bench.Cached(Prompts.Long(5, 'a'));
        bench.Add(10, maxTokens: 20, kind: 'b');

        bench.Step();

        Assert.Equal(5 + 30, bench.Cache.CellsInUse);
    }

    [Theory]
    [InlineData(KvLayout.Unified)]
    [InlineData(KvLayout.Streams)]
    public void After_many_random_prompts_the_books_are_the_models(KvLayout layout)
    {
        using var bench = new SchedulerBench(new EngineOptions { MaxBatchTokens = 16 }, new ScriptedModel(contextCells: 120, maxSequences: 5) { Layout = layout });
#pragma warning disable CA5394 // repeatable by seed
        var random = new Random(1);
        var running = new List<Sequence>();
        for (var i = 0; i < 2000; i++)
        {
            var alphabet = random.Next(1, 4);
            bench.Add([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => 'a' + random.Next(alphabet))], maxTokens: random.Next(1, 20));
            if (bench.Scheduler.Running.Count > 0 && random.Next(3) == 0) bench.Scheduler.Finish(bench.Scheduler.Running[random.Next(bench.Scheduler.Running.Count)]);
            bench.Step();
            running.Clear();
            running.AddRange(bench.Scheduler.Running.Where(static sequence => sequence.GeneratedTokens >= sequence.Ticket.Request.MaxTokens));
            running.ForEach(bench.Scheduler.Finish);
        }
#pragma warning restore CA5394

        Assert.All(bench.Cache.Slots, slot => Assert.Equal(bench.Model.TokensOf(slot.Id), slot.Tokens.ToArray()));
        Assert.True(layout == KvLayout.Streams || bench.Model.CellsHeld <= bench.Model.ContextCells);
    }

    private static ScriptedModel InStreams(int slots) => new(contextCells: slots * 32, maxSequences: slots, contextTokens: 32) { Layout = KvLayout.Streams };
}
