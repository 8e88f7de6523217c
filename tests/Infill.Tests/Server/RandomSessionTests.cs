using Infill.Engine;
using Infill.Server.Settings;
using Infill.Tests.Engine.Llama;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Server;

/// <summary>Requests that start, are cancelled, outdone by typing and closed away, in any order.</summary>
public abstract class RandomSessionTests
{
    private const int Documents = 4;
    private const int Sequences = 1_000;

    [Fact]
    public Task A_thousand_random_sequences_leave_nothing_running_and_everything_answered() => RunAsync(Environment.TickCount, Sequences, isTypingThrough: false);

    [Fact]
    public Task Neither_do_a_thousand_where_suggestions_are_kept_and_made_ahead() => RunAsync(Environment.TickCount, Sequences, isTypingThrough: true);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public Task Seeds_that_are_always_tried(int seed, bool isTypingThrough) => RunAsync(seed, 100, isTypingThrough);

    private protected abstract IModel Load();

    private async Task RunAsync(int seed, int sequences, bool isTypingThrough)
    {
        var random = new Random(seed);
        await using var editor = await TestEditor.StartAsync(
            Load, """{"capabilities":{},"initializationOptions":{"infill":{"snapshots":"growing","maxTokens":24}}}""",
            new EditorOptions { IsTypingThrough = isTypingThrough, OwnLayers = [new SettingsLayer { Threads = 1, BackOff = false }] }); // see LlamaEngineTests
        var texts = new string?[Documents];
        var version = 0;
        List<PendingAnswer> requests = [];
        for (var i = 0; i < sequences; i++)
        {
            var document = random.Next(Documents);
            var uri = $"file:///{document}.py";
            if (texts[document] is not { } text)
            {
                await editor.OpenAsync(texts[document] = $"# {document}\n", uri, ++version);
                continue;
            }

            switch (random.Next(10))
            {
                case < 5:
                    requests.Add(await editor.BeginInlineAsync(
                        1, text.Length - text.IndexOf('\n', StringComparison.Ordinal) - 1, random.Next(2) == 0 ? """ "partialResultToken":1 """ : null, uri: uri));
                    if (random.Next(2) == 0) await requests[^1].Answer; // else it runs beside what comes next
                    break;
                case < 7:
                    await editor.TypeAsync(++version, 1, text.Length - text.IndexOf('\n', StringComparison.Ordinal) - 1, "x", uri);
                    texts[document] = text + "x";
                    break;
                case < 9 when requests.Count > 0:
                    await editor.CancelAsync(requests[^1].Id);
                    break;
                default:
                    await editor.CloseAsync(uri);
                    texts[document] = null;
                    break;
            }
        }

        await Task.WhenAll(requests.Select(static request => request.Answer));
        for (var document = 0; document < Documents; document++)
        {
            if (texts[document] is not null) await editor.CloseAsync($"file:///{document}.py"); // nothing is made ahead for it any more
        }

        await editor.BarrierAsync();

        var answers = editor.Answers;
        foreach (var request in requests) Assert.True(answers[request.Id] == 1, $"Seed {seed}: {request.Id} was answered {answers[request.Id]} times.");
        var left = await editor.Engine.InspectAsync(loop => (
            loop.Scheduler.Running.Count,
            loop.Scheduler.Waiting.Count,
            Owned: loop.Cache.Slots.Count(static slot => slot.Owner is not null),
            Astray: loop.Cache.Slots.Count(slot => slot.Length != loop.Model!.Length(slot.Id))));
        Assert.True(left == (0, 0, 0, 0), $"Seed {seed}: {left} are left running, waiting, owned and astray.");
    }
}

/// <summary>On a model without weights.</summary>
public sealed class ScriptedRandomSessionTests : RandomSessionTests
{
    private protected override IModel Load() => new ScriptedWeights(new ScriptedModel(contextCells: 8192) { PieceTokens = 16 });
}

/// <summary>On llama.cpp: what the cache's books say is what <c>llama_memory_seq_pos_max</c> says, for every sequence id.</summary>
[Trait("needs", "model")]
[Collection(ModelCollection.Name)]
public sealed class RealRandomSessionTests : RandomSessionTests
{
    private protected override IModel Load() => DefaultModel.Load();
}
