using Infill.Completion;
using Infill.Completion.Documents;
using Infill.Engine;
using Infill.Tests.Engine;
using Infill.Tests.Scenarios;
using Xunit;

namespace Infill.Tests.Completion;

public sealed class PromptWarmerTests
{
    private static readonly string s_text = string.Concat(Enumerable.Range(0, 40).Select(static i => $"line {i}\n"));

    [Fact]
    public async Task At_a_new_place_a_suggestion_is_made_from_less_text_and_the_next_one_finds_the_whole_cached()
    {
        await using var bench = await EngineBench.StartAsync();
        var service = new CompletionService(bench.Engine, bench.Time);

        var first = await LastAsync(service, s_text);
        await ComputedAsync(bench);
        var second = await LastAsync(service, s_text + "a");

        Assert.True(first.Usage!.UsedShorterPrompt);
        Assert.False(second.Usage!.UsedShorterPrompt);
        Assert.True(first.Usage.PromptTokens < s_text.Length / 2, $"{first.Usage.PromptTokens} tokens of {s_text.Length}");
        Assert.Equal(1, second.Usage.PromptTokens - second.Usage.CachedTokens); // for its logits: the key is asked of the model
    }

    [Fact]
    public async Task Where_less_text_gives_nothing_the_whole_decides()
    {
        var says = ScriptedModel.Says("total");
        await using var bench = await EngineBench.StartAsync(new ScriptedModel { Rule = tokens => tokens.Count > s_text.Length / 2 ? says(tokens) : ByteVocabulary.End });
        var service = new CompletionService(bench.Engine, bench.Time);

        var suggestion = await LastAsync(service, s_text);

        Assert.Equal("total", suggestion.Text);
        Assert.False(suggestion.Usage!.UsedShorterPrompt);
    }

    [Fact]
    public async Task Who_asks_by_hand_waits_for_the_whole()
    {
        await using var bench = await EngineBench.StartAsync();
        var service = new CompletionService(bench.Engine, bench.Time);

        var suggestion = await LastAsync(service, s_text, RequestPriority.Invoked);

        Assert.False(suggestion.Usage!.UsedShorterPrompt);
        Assert.Equal(0, suggestion.Usage.CachedTokens);
    }

    [Fact]
    public async Task A_prompt_that_was_prepared_is_found_cached()
    {
        await using var bench = await EngineBench.StartAsync();
        var service = new CompletionService(bench.Engine, bench.Time);
        var source = SourceText.From(s_text);

        var isPrepared = await service.PrepareAsync(new SuggestionRequest(source, source.Length, "a.py") { Priority = RequestPriority.LookAhead }, CancellationToken.None).WaitAsync(Patience.Limit);
        var next = await LastAsync(service, s_text + "a");

        Assert.True(isPrepared);
        Assert.Equal(1, next.Usage!.PromptTokens - next.Usage.CachedTokens);
    }

    [Fact]
    public async Task Preparing_ends_when_nobody_needs_it_any_more()
    {
        await using var bench = await EngineBench.StartAsync();
        var service = new CompletionService(bench.Engine, bench.Time);
        await service.ReadyAsync(CancellationToken.None);
        using var needless = new CancellationTokenSource();
        var gate = bench.Model.HoldNextStep();
        var source = SourceText.From(s_text);
        var preparing = service.PrepareAsync(new SuggestionRequest(source, source.Length, "a.py") { Priority = RequestPriority.LookAhead }, needless.Token);
        await gate.Reached;

        await needless.CancelAsync();
        gate.Open();

        Assert.False(await preparing.WaitAsync(Patience.Limit));
        Assert.False(await bench.Engine.InspectAsync(static loop => loop.Scheduler.HasWork));
    }

    private static async Task<Suggestion> LastAsync(CompletionService service, string text, RequestPriority priority = RequestPriority.Automatic)
    {
        var source = SourceText.From(text);
        Suggestion? last = null;
        await foreach (var suggestion in service.SuggestAsync(new SuggestionRequest(source, source.Length, "a.py") { Priority = priority })) last = suggestion;
        return last!;
    }

    /// <summary>Until the whole text is in the cache and the engine has nothing to do any more.</summary>
    private static async Task ComputedAsync(EngineBench bench)
    {
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (!await bench.Engine.InspectAsync(static loop => !loop.Scheduler.HasWork && loop.Cache.Slots.Any(static slot => slot.Length > s_text.Length)))
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }
}
