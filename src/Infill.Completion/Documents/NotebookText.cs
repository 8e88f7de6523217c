using System.Text;
using Infill.Completion.Shaping;

namespace Infill.Completion.Documents;

/// <summary>
/// A notebook as a cell in one language sees it: all cells, in their order, as one text. Cells in that language stand as they are,
/// the others as comments, or not at all where the language has no line comments. Never changes once made.
/// </summary>
/// <remarks>
/// So a cell's prompt has the cells above it as text before the cursor and those below as text after it, as in the scripts that
/// models have learnt from; headings and explanations say what the code is for, and are kept short.
/// </remarks>
public sealed class NotebookText
{
    private const string Separator = "\n\n";

    /// <summary>Of a cell in another language, lines and characters of each: enough for a heading, and little of an embedded picture.</summary>
    private const int MostCommentLines = 12, MostCommentLength = 160;

    private readonly int[] _starts; // of each cell in the text

    private NotebookText(string notebook, string languageId, SourceText text, int[] starts) =>
        (Notebook, LanguageId, Text, _starts) = (notebook, languageId, text, starts);

    /// <summary>The notebook's URI.</summary>
    public string Notebook { get; }

    public string LanguageId { get; }

    public SourceText Text { get; }

    /// <summary>Tells it from the notebook's texts in other languages, and from documents.</summary>
    public string Uri => $"{Notebook}#{LanguageId}";

    /// <param name="notebook">Its URI.</param>
    /// <param name="languageId">Whose cells stand as they are.</param>
    /// <param name="cells">In order; null for those whose text is unknown, which stay empty.</param>
    public static NotebookText Join(string notebook, string languageId, IReadOnlyList<DocumentSnapshot?> cells)
    {
        var text = new StringBuilder();
        var starts = new int[cells.Count];
        for (var i = 0; i < starts.Length; i++)
        {
            if (i > 0) text.Append(Separator);
            starts[i] = text.Length;
            text.Append(Render(cells[i], languageId));
        }

        return new NotebookText(notebook, languageId, SourceText.From(text.ToString()), starts);
    }

    /// <summary>Where a cell's first character stands in the text.</summary>
    public int StartOf(int index) => _starts[index];

    /// <summary>The same with another text in one cell.</summary>
    public NotebookText With(int index, DocumentSnapshot? cell)
    {
        var start = _starts[index];
        var end = index + 1 < _starts.Length ? _starts[index + 1] - Separator.Length : Text.Length;
        var rendered = Render(cell, LanguageId);
        var starts = _starts.ToArray();
        for (var i = index + 1; i < starts.Length; i++) starts[i] += rendered.Length - (end - start);
        return new NotebookText(Notebook, LanguageId, Text.With(start, end - start, rendered), starts);
    }

    private static string Render(DocumentSnapshot? cell, string languageId)
    {
        if (cell is null) return "";
        if (cell.LanguageId == languageId) return cell.Text.ToString();
        var comment = CodeLanguage.ById(languageId).LineComment;
        if (comment.Length == 0) return "";
        var lines = new StringBuilder();
        for (var line = 0; line < Math.Min(cell.Text.LineCount, MostCommentLines); line++)
        {
            var start = cell.Text.LineStart(line);
            var text = cell.Text.Substring(start, Math.Min(cell.Text.LineEnd(line) - start, MostCommentLength)).TrimEnd();
            if (text.Length > 0 && char.IsHighSurrogate(text[^1])) text = text[..^1];
            if (line > 0) lines.Append('\n');
            lines.Append(comment);
            if (text.Length > 0) lines.Append(' ').Append(text);
        }

        return lines.ToString();
    }
}
