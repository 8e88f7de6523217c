using Infill.Completion.Context;
using Infill.Completion.Documents;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Completion.Context;

public sealed class ContextChooserTests
{
    private const string Main = "file:///work/main.py";
    private static readonly ContextSource s_money = Files.Source("money.py", "class Money:\n    def __init__(self, cents):\n        self.cents = cents\n\n    def convert(self, rate):\n        return Money(self.cents * rate)\n");
    private static readonly ContextSource s_weather = Files.Source("weather.py", "def forecast(city):\n    clouds = sky(city)\n    return rain(clouds)\n");

    private static readonly ContextSource[] s_others = [.. Enumerable.Range(0, 30).Select(static i => Files.Source($"m{i}.py", $"def use_{i}():\n    pass\n"))];

    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_chunk_that_defines_a_name_used_at_the_cursor_comes_first_and_says_so()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);

        var choices = Choose(chooser, "price = Money(5)\nprice.‸\n");

        Assert.Equal("money.py", choices[0].Chunk.Path);
        Assert.StartsWith("defines Money", choices[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_nothing_to_do_with_the_place_is_not_chosen()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);

        Assert.DoesNotContain(Choose(chooser, "price = Money(5)\nprice.‸\n"), static choice => choice.Chunk.Path == "weather.py");
    }

    [Fact]
    public async Task A_similar_chunk_is_chosen_by_the_names_in_common()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);

        var choice = Assert.Single(Choose(chooser, "clouds = sky(town)\nif rain(clouds) ‸\n"));

        Assert.Equal(("weather.py", "similar"), (choice.Chunk.Path, choice.Reason));
    }

    [Fact]
    public async Task A_line_elsewhere_that_begins_like_the_one_at_the_cursor_is_worth_more_than_names_in_common()
    {
        var alike = Files.Source("alike.py", "clouds = sky(town)\nrain = sky(town, clouds)\n");
        var begun = Files.Source("begun.py", "def check():\n    self.assert_dry(\"noon\", umbrella)\n    done()\n");
        var chooser = new ContextChooser(await Files.IndexAsync([alike, begun, .. s_others]), _time);

        var choice = Choose(chooser, "clouds = sky(town)\nrain = 2\nself.assert_‸\n")[0];

        Assert.Equal(("begun.py", "has a line that begins like this one"), (choice.Chunk.Path, choice.Reason));
    }

    [Fact]
    public async Task A_line_elsewhere_that_is_the_one_above_counts_where_something_follows_it()
    {
        var ended = Files.Source("ended.py", "pass\nwith umbrella(5) as open_one:\n");
        var goesOn = Files.Source("goes_on.py", "    with umbrella(5) as open_one:\n        walk(3)\n");
        var chooser = new ContextChooser(await Files.IndexAsync([ended, goesOn, .. s_others]), _time);

        var choice = Choose(chooser, "with umbrella(5) as open_one:\n    ‸\n")[0];

        Assert.Equal(("goes_on.py", "has the line above"), (choice.Chunk.Path, choice.Reason));
    }

    [Fact]
    public async Task A_line_that_is_everywhere_speaks_for_nothing()
    {
        var index = await Files.IndexAsync([.. Enumerable.Range(0, 40).Select(static i => Files.Source($"m{i}.py", "@pytest.fixture\ndef number():\n    pass\n")), s_money]);
        var chooser = new ContextChooser(index, _time);

        var choices = Choose(chooser, "price = Money(5)\n@pytest.fixture\n‸\n");

        Assert.Equal("money.py", choices[0].Chunk.Path);
    }

    [Fact]
    public async Task A_place_where_the_user_was_lately_counts_though_nothing_else_speaks_for_it()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        chooser.Choose(s_weather.Key, s_weather.Path, s_weather.Text, 5, 100);

        var choice = Assert.Single(Choose(chooser, "unrelated = ‸\n"));

        Assert.Equal(("weather.py", "edited or viewed lately"), (choice.Chunk.Path, choice.Reason));
    }

    [Fact]
    public async Task The_document_s_own_chunks_are_never_chosen()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_money, s_weather), _time);

        Assert.DoesNotContain(chooser.Choose(s_money.Key, s_money.Path, s_money.Text, s_money.Text.Length, 500), static choice => choice.Chunk.Path == "money.py");
    }

    [Fact]
    public async Task Typing_on_keeps_the_choice_even_where_another_would_be_better()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        var first = Choose(chooser, "price = Money(5)\n‸\n");

        var second = Choose(chooser, "price = Money(5)\nforecast(clouds, rain‸\n");

        Assert.Same(first, second);
    }

    [Fact]
    public async Task After_a_pause_the_choice_is_made_anew()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        Choose(chooser, "price = Money(5)\n‸\n");
        _time.Advance(ContextChooser.Pause);

        var choices = Choose(chooser, "x = 5\nforecast(clouds, rain‸\n");

        Assert.Equal("weather.py", choices[0].Chunk.Path);
    }

    [Fact]
    public async Task At_a_new_place_the_choice_is_made_anew()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        Choose(chooser, "price = Money(5)\n‸\n");

        var choices = Choose(chooser, "price = Money(5)\n" + string.Concat(Enumerable.Repeat("a = 1\n", 60)) + "forecast(clouds, rain‸\n");

        Assert.Equal("weather.py", choices[0].Chunk.Path);
    }

    [Fact]
    public async Task At_a_new_place_where_another_choice_is_hardly_better_the_old_one_stays()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        var first = Choose(chooser, "price = Money(5)\n‸\n");

        var second = Choose(chooser, "price = Money(5)\n" + string.Concat(Enumerable.Repeat("a = 1\n", 60)) + "other = Money(7)\n‸\n");

        Assert.Same(first, second);
    }

    [Fact]
    public async Task A_choice_that_is_clearly_better_on_a_line_is_offered_once_and_used_when_it_is_taken()
    {
        var begun = Files.Source("begun.py", "def check():\n    self.assert_dry(\"noon\", umbrella)\n    done()\n");
        var chooser = new ContextChooser(await Files.IndexAsync([begun, s_money, .. s_others]), _time);
        var first = Choose(chooser, "price = Money(5)\n‸\n");
        const string Begun = "price = 5\nself.assert_‸\n";

        var better = Improve(chooser, Begun)!;

        Assert.Equal("begun.py", better[0].Chunk.Path);
        Assert.Null(Improve(chooser, Begun + "# the same line"));
        Assert.Same(first, Choose(chooser, Begun)); // its prompt isn't computed yet
        chooser.Take(Main, better, line: 1);
        Assert.Same(better, Choose(chooser, Begun));
    }

    [Fact]
    public async Task Where_no_choice_is_clearly_better_none_is_offered()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        Choose(chooser, "price = Money(5)\n‸\n");

        Assert.Null(Improve(chooser, "price = Money(5)\nother = Money(‸\n"));
    }

    [Fact]
    public async Task A_better_choice_is_not_taken_where_the_user_has_gone_elsewhere()
    {
        var chooser = new ContextChooser(await Files.IndexAsync(s_weather, s_money), _time);
        Choose(chooser, "price = Money(5)\n‸\n");
        var better = Improve(chooser, "x = 5\nforecast(clouds, rain‸\n")!;
        var elsewhere = "price = Money(5)\n" + string.Concat(Enumerable.Repeat("a = 1\n", 60)) + "other = Money(7)\n‸\n";
        var there = Choose(chooser, elsewhere);

        chooser.Take(Main, better, line: 1);

        Assert.Same(there, Choose(chooser, elsewhere));
    }

    [Fact]
    public async Task Of_a_closed_document_nothing_is_chosen_any_more()
    {
        var index = await Files.IndexAsync(s_weather, s_money);
        var chooser = new ContextChooser(index, _time);
        Choose(chooser, "price = Money(5)\n‸\n");

        index.Refresh([s_weather], active: "");

        Assert.Empty(Choose(chooser, "price = Money(5)\n‸\n"));
    }

    [Fact]
    public async Task No_more_is_chosen_than_about_the_budget()
    {
        var index = await Files.IndexAsync([.. Enumerable.Range(0, 40).Select(static i => Files.Source($"m{i}.py", $"def use_{i}(clouds, city, rain):\n    return sky(clouds, city, rain)\n"))]);
        var chooser = new ContextChooser(index, _time);

        var choices = Choose(chooser, "sky(clouds, city, ‸\n", tokens: 60);

        Assert.InRange(choices.Sum(static choice => choice.Chunk.Text.Length), 1, 60 * 5);
    }

    private static IReadOnlyList<ContextChoice> Choose(ContextChooser chooser, string marked, int tokens = 200)
    {
        var (text, cursor) = Files.Place(marked);
        return chooser.Choose(Main, "main.py", text, cursor, tokens);
    }

    private static IReadOnlyList<ContextChoice>? Improve(ContextChooser chooser, string marked)
    {
        var (text, cursor) = Files.Place(marked);
        return chooser.Improve(Main, "main.py", text, cursor, 200);
    }
}
