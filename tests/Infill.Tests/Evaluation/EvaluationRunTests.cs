using Infill.Engine;
using Infill.Engine.Llama;
using Infill.Evaluation;
using Infill.Evaluation.Places;
using Infill.Evaluation.Reporting;
using Infill.Evaluation.Sides;
using Infill.Server.Settings;
using Infill.Tests.Engine.Llama;
using Infill.Tests.Scenarios;
using Microsoft.Extensions.Logging.Abstractions;

namespace Infill.Tests.Evaluation;

[Collection(ModelCollection.Name)]
public sealed class EvaluationRunTests
{
    [Fact]
    public async Task What_a_file_of_results_has_is_not_asked_again()
    {
        using var kept = new TemporaryFile([]);
        var places = OwnPlaces(10);
        var first = new CountingSide();
        using (var results = ResultFile.Open(kept.Path)) await new EvaluationRun([first], results, static _ => { }).RunAsync(places, TimeSpan.MaxValue, default);

        var second = new CountingSide();
        using var reopened = ResultFile.Open(kept.Path);
        var judgements = await new EvaluationRun([second], reopened, static _ => { }).RunAsync(places, TimeSpan.MaxValue, default);

        Assert.Equal((10, 0, 10), (first.Asked, second.Asked, judgements[0].Count));
    }

    [Fact]
    public async Task When_the_time_is_up_only_what_is_known_counts()
    {
        using var results = ResultFile.Open(null);

        var judgements = await new EvaluationRun([new CountingSide()], results, static _ => { }).RunAsync(OwnPlaces(3), TimeSpan.Zero, default);

        Assert.Empty(judgements[0]);
    }

    [Fact]
    public async Task An_answer_that_was_broken_off_is_not_kept()
    {
        using var kept = new TemporaryFile([]);
        using var stop = new CancellationTokenSource();
        var side = new CountingSide { OnAsked = stop.Cancel };
        using (var results = ResultFile.Open(kept.Path))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new EvaluationRun([side], results, static _ => { }).RunAsync(OwnPlaces(3), TimeSpan.MaxValue, stop.Token));
        }

        Assert.Equal((1, ""), (side.Asked, await File.ReadAllTextAsync(kept.Path)));
    }

    /// <summary>A small run of the real thing on this project's own files: what must hold for every suggestion holds for these.</summary>
    [Fact]
    [Trait("needs", "model")]
    public async Task The_default_model_says_nothing_twice_and_knows_some_lines_of_this_project()
    {
        LlamaLibrary.Load(NullLogger.Instance);
        var settings = InfillSettings.From([], static _ => { });
        var engine = new Lazy<CompletionEngine>(() => new CompletionEngine(() => LlamaModel.Load(settings.ModelPath), settings.Engine, TimeProvider.System, NullLogger.Instance));
        using var results = ResultFile.Open(null);

        var judgements = await new EvaluationRun([new InfillSide("infill", "", settings, engine, new Workspaces([]))], results, static _ => { }).RunAsync(OwnPlaces(40), TimeSpan.MaxValue, default);
        await engine.Value.DisposeAsync();

        Assert.Equal(40, judgements[0].Count);
        Assert.DoesNotContain(judgements[0], static judged => judged.RepeatsSuffix);
        Assert.Contains(judgements[0], static judged => judged.IsExact);
        Assert.Contains("exact first line", Report.Render(["infill"], judgements), StringComparison.Ordinal);
    }

    private static IReadOnlyList<Place> OwnPlaces(int count) =>
        new PlaceSampler(SourceFile.Collect([Path.Combine(Repository.Root, "src")]), seed: 1).Take(count);

    private sealed class CountingSide : ISide
    {
        public int Asked { get; private set; }

        public Action OnAsked { get; init; } = static () => { };

        public string Name => "counting";

        public string What => "";

        public Task<Answer> AskAsync(Place place, CancellationToken cancellationToken)
        {
            Asked++;
            OnAsked();
            return Task.FromResult(new Answer("x", [-1], 1, 1, 1));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
