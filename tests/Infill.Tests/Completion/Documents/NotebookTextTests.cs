using Infill.Completion.Documents;

namespace Infill.Tests.Completion.Documents;

/// <summary>A notebook's cells as one text.</summary>
public sealed class NotebookTextTests
{
    [Fact]
    public void Of_a_long_text_in_another_language_only_the_beginning_stands_there()
    {
        var lines = Enumerable.Range(0, 50).Select(static i => $"{i} {new string('x', 1000)}");

        var text = NotebookText.Join("n", "python", [Cell("markdown", string.Join('\n', lines)), Cell("python", "a")]).Text;

        Assert.Equal(12 + 2, text.LineCount); // the blank line and the other cell
        Assert.All(Enumerable.Range(0, 12), line => Assert.Equal(2 + 160, text.LineText(line).Length));
    }

    [Fact]
    public void A_pair_of_surrogates_is_not_cut_in_two()
    {
        var text = NotebookText.Join("n", "python", [Cell("markdown", new string('x', 159) + "🙂")]).Text;

        Assert.Equal(2 + 159, text.Length);
    }

    [Fact]
    public void Random_edits_give_the_text_that_all_cells_give_when_joined_anew()
    {
        var random = new Random(1);
        DocumentSnapshot?[] cells = [.. Enumerable.Range(0, 6).Select(i => Cell(i % 3 == 0 ? "markdown" : "python", Text(random)))];
        var text = NotebookText.Join("n", "python", cells);
        for (var i = 0; i < 500; i++)
        {
            var index = random.Next(cells.Length);
            cells[index] = random.Next(10) == 0 ? null : Cell(random.Next(3) == 0 ? "markdown" : "python", Text(random));
            text = text.With(index, cells[index]);

            var anew = NotebookText.Join("n", "python", cells);
            Assert.Equal(anew.Text.ToString(), text.Text.ToString());
            Assert.Equal(Enumerable.Range(0, cells.Length).Select(anew.StartOf), Enumerable.Range(0, cells.Length).Select(text.StartOf));
        }
    }

    private static DocumentSnapshot Cell(string language, string text) => new("c", language, 1, SourceText.From(text));

    private static string Text(Random random) => string.Concat(Enumerable.Repeat("line\r\n🙂 = ", random.Next(5)));
}
