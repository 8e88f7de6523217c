using Infill.Completion.Acceptance;
using Infill.Completion.Documents;
using Infill.Tests.Scenarios;

namespace Infill.Tests.Completion.Acceptance;

/// <summary>What becomes of a suggestion is read off the edits, by clients that say nothing and by those that do.</summary>
public sealed class AcceptanceLedgerTests
{
    private const string Uri = "file:///work/a.py";
    private static readonly TimeSpan s_read = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly AcceptanceLedger _ledger;
    private Tally _sum = Tally.Zero;
    private SourceText _text = SourceText.From("a = \nb = 2\n");

    public AcceptanceLedgerTests() => _ledger = new AcceptanceLedger(_time, (language, tally) =>
    {
        Assert.Equal("python", language);
        _sum += tally;
    });

    [Fact]
    public void What_comes_in_at_once_and_is_all_of_it_was_accepted()
    {
        Show("total + 1", cursor: 4);

        Insert(4, "total + 1");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 9 }, _sum);
    }

    [Fact]
    public void What_is_typed_letter_by_letter_to_its_end_was_typed_through()
    {
        Show("total", cursor: 4);

        foreach (var (letter, index) in "total".Select(static (letter, index) => (letter, index))) Insert(4 + index, letter.ToString());

        Assert.Equal(new Tally { Shown = 1, TypedThrough = 1 }, _sum);
    }

    [Fact]
    public void Words_and_lines_count_as_such_and_the_rest_as_whole()
    {
        Show("first + second\nthird\nlast", cursor: 4);

        Insert(4, "first");
        Insert(9, " + second");
        Insert(18, "\nthird");
        Insert(24, "\nlast");

        Assert.Equal(new Tally { Shown = 1, AcceptedWords = 1, AcceptedLines = 2, Accepted = 1, Characters = 25 }, _sum);
    }

    [Fact]
    public void The_rest_shown_again_while_it_is_typed_is_the_same_suggestion()
    {
        Show("total", cursor: 4, id: "1");
        Insert(4, "t");
        Show("otal", cursor: 5, id: "2");
        Insert(5, "otal");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 4 }, _sum);
    }

    [Fact]
    public void A_suggestion_that_grows_is_one()
    {
        Show("to", cursor: 4);
        Show("total + 1", cursor: 4);

        Insert(4, "total + 1");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 9 }, _sum);
    }

    [Fact]
    public void One_that_was_read_and_not_used_was_dismissed()
    {
        Show("total", cursor: 4);
        _time.Advance(s_read);

        Insert(4, "x");

        Assert.Equal(new Tally { Shown = 1, Dismissed = 1 }, _sum);
        Assert.Equal(1, _ledger.IgnoredInARow);
    }

    [Fact]
    public void One_that_was_gone_before_it_could_be_read_says_nothing()
    {
        Show("total", cursor: 4);

        Insert(4, "x");

        Assert.Equal(new Tally { Shown = 1 }, _sum);
        Assert.Equal(0, _ledger.IgnoredInARow);
    }

    [Fact]
    public void An_entry_of_a_menu_that_is_left_alone_says_nothing()
    {
        _ledger.Shown([new ShownSuggestion("1", Uri, "python", _text, 4, "total") { IsInMenu = true }]);
        _time.Advance(s_read);

        Insert(4, "x");

        Assert.Equal(0, _ledger.IgnoredInARow);
    }

    [Fact]
    public void One_that_is_used_ends_the_row_of_the_ignored()
    {
        for (var number = 0; number < 3; number++)
        {
            Show("total", cursor: 4, id: $"{number}");
            _time.Advance(s_read);
            Insert(4, "x");
        }

        Assert.Equal(3, _ledger.IgnoredInARow);
        Show("total", cursor: 4, id: "last");
        Insert(4, "total");

        Assert.Equal(0, _ledger.IgnoredInARow);
    }

    [Fact]
    public void A_client_that_tells_is_not_counted_twice_whichever_comes_first()
    {
        Show("total", cursor: 4, id: "1");
        Insert(4, "total");
        _ledger.Accepted("1");
        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 5 }, _sum);

        _sum = Tally.Zero;
        Show(" + 1", cursor: 9, id: "2");
        _ledger.Accepted("2");
        Insert(9, " + 1");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 4 }, _sum);
    }

    [Fact]
    public void A_single_letter_that_a_client_says_was_accepted_was_not_typed()
    {
        Show("1", cursor: 4, id: "1");
        Insert(4, "1");

        _ledger.Accepted("1");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 1 }, _sum);
    }

    [Fact]
    public void A_part_that_a_client_tells_of_is_not_counted_twice()
    {
        Show("total + 1", cursor: 4, id: "1");
        _ledger.PartlyAccepted("1", 5);
        Insert(4, "total");
        Insert(9, " +");
        _ledger.PartlyAccepted("1", 7);

        Assert.Equal(new Tally { Shown = 1, AcceptedWords = 2, Characters = 7 }, _sum);
    }

    [Fact]
    public void After_half_a_minute_what_still_stands_there_is_counted()
    {
        Show("first\nsecond", cursor: 4);
        Insert(4, "first\nsecond");
        Replace(4, 5, "other");
        _time.Advance(TimeSpan.FromSeconds(30));

        Insert(0, "#");

        Assert.Equal((12, 6), ((int)_sum.CharactersJudged, (int)_sum.CharactersKept));
    }

    [Fact]
    public void A_document_that_is_closed_is_judged_by_its_last_text()
    {
        Show("total", cursor: 4);
        Insert(4, "total");

        _ledger.Closed(Uri, _text);

        Assert.Equal((5, 5), ((int)_sum.CharactersJudged, (int)_sum.CharactersKept));
    }

    [Fact]
    public void Going_back_in_a_suggestion_and_on_again_is_no_use_of_it()
    {
        Show("total", cursor: 4);
        Insert(4, "t");
        Insert(5, "o");
        Replace(5, 1, "");
        Insert(5, "o");

        Assert.Equal(new Tally { Shown = 1 }, _sum);
    }

    [Fact]
    public void Another_of_a_place_s_suggestions_that_was_turned_to_and_accepted_counts_as_it_stands()
    {
        Offer("total", "sum + 1");
        Insert(4, "sum + 1");
        _ledger.Accepted("2");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 7 }, _sum);
    }

    [Fact]
    public void A_client_that_tells_which_of_several_was_accepted_before_the_edit_comes_is_understood()
    {
        Offer("total", "sum + 1");
        _ledger.Accepted("2");
        Insert(4, "sum + 1");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 7 }, _sum);
    }

    [Fact]
    public void What_was_typed_while_several_still_agreed_was_typed()
    {
        Offer("sat", "sum");
        Insert(4, "s");
        Insert(5, "um");

        Assert.Equal(new Tally { Shown = 1, Accepted = 1, Characters = 2 }, _sum);
    }

    private void Offer(string first, string second) => _ledger.Shown(
        [new ShownSuggestion("1", Uri, "python", _text, 4, first), new ShownSuggestion("2", Uri, "python", _text, 4, second)]);

    private void Show(string text, int cursor, string id = "1") => _ledger.Shown([new ShownSuggestion(id, Uri, "python", _text, cursor, text)]);

    private void Insert(int at, string text) => Replace(at, 0, text);

    private void Replace(int at, int length, string text)
    {
        _text = _text.With(at, length, text);
        _ledger.Edited(Uri, _text);
    }
}
