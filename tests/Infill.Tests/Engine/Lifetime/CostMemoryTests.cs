using Infill.Engine;
using Infill.Engine.Lifetime;
using Infill.Engine.Scheduling;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Infill.Tests.Engine.Lifetime;

public sealed class CostMemoryTests : IDisposable
{
    private static readonly StepShape s_chunk = new(DecodeSequences: 0, PrefillTokens: 64);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly ManualTime _time = new();

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_steps_take_is_known_again_in_the_next_run()
    {
        Memory().Save(Learnt(), steps: 64);

        var next = new StepCost();
        Memory().Restore(next);

        Assert.Equal(TimeSpan.FromMilliseconds(50), next.Predict(s_chunk));
    }

    [Fact]
    public void Another_model_and_another_number_of_threads_have_times_of_their_own()
    {
        Memory().Save(Learnt(), steps: 64);
        var (model, threads) = (new StepCost(), new StepCost());

        Memory("another").Restore(model);
        Memory(threads: 7).Restore(threads);

        Assert.Null(model.Predict(s_chunk));
        Assert.Null(threads.Predict(s_chunk));
    }

    [Fact]
    public void It_is_written_once_a_minute_and_only_where_something_was_learnt()
    {
        var memory = Memory();
        memory.SaveNowAndThen(Learnt(), steps: 64);
        var tooSoon = Directory.Exists(_folder);
        _time.Advance(TimeSpan.FromMinutes(1));
        memory.SaveNowAndThen(Learnt(), steps: 63);
        var tooLittle = Directory.Exists(_folder);
        memory.SaveNowAndThen(Learnt(), steps: 64);

        Assert.Equal((false, false), (tooSoon, tooLittle));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"decode\":[1]}")]
    [InlineData("{\"decode\":[1],\"prefill\":[\"x\"],\"beside\":[]}")]
    [InlineData("{\"decode\":[0,-1,0,0,0,0,0,0,0,0,0],\"prefill\":[],\"beside\":[]}")]
    public void A_broken_file_is_as_good_as_none(string content)
    {
        Memory().Save(Learnt(), steps: 64);
        File.WriteAllText(Directory.GetFiles(_folder)[0], content);

        var cost = new StepCost();
        Memory().Restore(cost);

        Assert.Null(cost.Predict(s_chunk));
        Assert.Null(cost.Predict(new StepShape(DecodeSequences: 1, PrefillTokens: 0)));
    }

    [Fact]
    public void A_folder_that_can_t_be_made_costs_nothing_else()
    {
        File.WriteAllText(_folder, "a file");
        try
        {
            Memory().Save(Learnt(), steps: 64);
            Memory().Restore(new StepCost());
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    [Fact]
    public async Task An_engine_remembers_the_run_before()
    {
        await using (var first = await StartAsync())
        {
            await foreach (var _ in first.GenerateAsync(new GenerationRequest(Prompts.Long(600)) { MaxTokens = 80 }))
            {
            }
        }

        await using var second = await StartAsync();

        Assert.NotNull(await second.InspectAsync(static loop => loop.Cost.Predict(new StepShape(DecodeSequences: 1, PrefillTokens: 0))));
        Assert.Equal(0, await second.InspectAsync(static loop => loop.Steps));
    }

    private async Task<CompletionEngine> StartAsync()
    {
        var engine = new CompletionEngine(
            static () => new NamedWeights(), new EngineOptions { TimesFolder = _folder, Speculation = false }, TimeProvider.System, NullLogger.Instance);
        await engine.Ready.WaitAsync(Patience.Limit);
        return engine;
    }

    private CostMemory Memory(string model = "model", int threads = 2) =>
        CostMemory.Of(model, new EngineOptions { TimesFolder = _folder, Threads = threads }, _time, NullLogger.Instance);

    private static StepCost Learnt()
    {
        var cost = new StepCost();
        cost.Observe(s_chunk, TimeSpan.FromMilliseconds(50));
        return cost;
    }

    /// <summary>A script that is told from others by its name.</summary>
    private sealed class NamedWeights : IModel
    {
        private readonly ScriptedWeights _script = new(new ScriptedModel());

        public IVocabulary Vocabulary => _script.Vocabulary;

        public string Identity => "script";

        public IModelRunner CreateRunner(EngineOptions options) => _script.CreateRunner(options);

        public void ReleaseWeights() => _script.ReleaseWeights();

        public void Dispose() => _script.Dispose();
    }
}
