using Infill.Engine;
using Infill.Engine.Scheduling;
using Infill.Tests.Engine.Scheduling;
using Xunit;

namespace Infill.Tests.Engine;

public sealed class StepChoicesTests : IDisposable
{
    private const int Large = 1 << 20; // a vocabulary that is worth sharing among cores
    private const int Sequences = 5;

    private readonly SchedulerBench _bench = new();
    private readonly StepPlan _plan;
    private readonly SharedWork _work = new(helpers: 3);

    public StepChoicesTests()
    {
        for (var i = 0; i < Sequences; i++) _bench.Scheduler.Add(_bench.Waiting(new GenerationRequest(Prompts.Long(4, (char)('a' + i))) { TraceMargins = true, ScoreTokens = true }));
        _plan = _bench.Plan();
        Assert.Equal(Sequences, _plan.Slices.Count);
    }

    public void Dispose()
    {
        _work.Dispose();
        _bench.Dispose();
    }

    [Fact]
    public void What_is_chosen_on_many_cores_is_what_each_sequence_would_have_chosen_alone()
    {
        using var scores = new Scores(Sequences, Large);
        var choices = new StepChoices(Large, isOnDevice: false, _work);

        choices.Prepare(scores, _plan);

        for (var i = 0; i < Sequences; i++)
        {
            Assert.Equal(ChosenToken.Of(_plan.Slices[i].Sequence, scores.Logits(i)), choices.Of(i, 0));
            Assert.Equal(Scores.Best(i), choices.Of(i, 0)!.Value.Token);
        }
    }

    [Fact]
    public void Behind_guesses_it_is_chosen_as_long_as_they_hold()
    {
        using var scores = new Scores(Sequences, Large);
        var choices = new StepChoices(Large, isOnDevice: true, _work);
        _plan.Draft(1, new[] { Scores.Best(1), Scores.Best(1), 7, Scores.Best(1) });

        choices.Prepare(scores, _plan);

        Assert.All([0, 1, 2], accepted => Assert.Equal(Scores.Best(1), choices.Of(1, accepted)!.Value.Token));
        Assert.Equal(Scores.Best(2), choices.Of(2, 0)!.Value.Token);
        Assert.Equal(Sequences + 2, scores.Reads); // none behind the one that did not hold
    }

    [Fact]
    public void One_that_was_stopped_is_not_chosen_for()
    {
        using var scores = new Scores(Sequences, Large);
        var choices = new StepChoices(Large, isOnDevice: false, _work);
        _plan.Slices[2].Sequence.Ticket.Stop(FinishReason.Cancelled);

        choices.Prepare(scores, _plan);

        Assert.Null(choices.Of(2, 0));
        Assert.NotNull(choices.Of(3, 0));
    }

    [Fact]
    public void Little_work_is_left_to_the_engine_thread()
    {
        using var scores = new Scores(Sequences, 1000);
        var choices = new StepChoices(1000, isOnDevice: false, _work);

        choices.Prepare(scores, _plan);

        Assert.Null(choices.Of(0, 0));
        Assert.Equal(0, scores.Reads);
    }

    [Fact]
    public void A_context_without_logits_is_told_of_as_one_thread_would_tell_it()
    {
        using var scores = new Scores(Sequences, Large) { Fails = true };
        var choices = new StepChoices(Large, isOnDevice: false, _work);

        var e = Assert.Throws<EngineException>(() => choices.Prepare(scores, _plan));

        Assert.Equal("There are none.", e.Message);
    }

    /// <summary>A runner that has scores and nothing else.</summary>
    private sealed class Scores(int slices, int size) : IModelRunner
    {
        private readonly float[][] _scores = [.. Enumerable.Range(0, slices).Select(slice => Enumerable.Range(0, size).Select(token => token == Best(slice) ? 2f : token % 7 / 7f).ToArray())];
        private int _reads;

        public static int Best(int slice) => 100 + (slice * 31);

        public bool Fails { get; init; }

        public int Reads => _reads;

        public IVocabulary Vocabulary => throw new NotSupportedException();

        public KvLayout Layout => KvLayout.Streams;

        public int ContextCells => 0;

        public int ContextTokens => 0;

        public int MaxSequences => slices;

        public ReadOnlySpan<float> Logits(int slice, int drafted = 0)
        {
            Interlocked.Increment(ref _reads);
            return Fails ? throw new EngineException("There are none.") : _scores[slice];
        }

        public StepStatus Run(StepPlan plan, Func<bool> shouldAbort) => throw new NotSupportedException();

        public bool TryTruncate(int slot, int length) => throw new NotSupportedException();

        public bool TryCopy(int source, int target, int length) => throw new NotSupportedException();

        public int Length(int slot) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
