using System.Collections.Concurrent;

namespace Infill.Completion.Documents;

/// <summary>The open notebooks of one editor. The dispatch loop alone may change them; any thread may read, and sees a whole notebook or none.</summary>
/// <remarks>
/// The cells' documents are kept apart from other documents: nobody but their notebook shows them. Versions of notebooks are not
/// compared: VS Code's stays the same while text is typed into cells, whose own versions count.
/// </remarks>
public sealed class NotebookStore
{
    /// <summary>Each costs as much as the whole notebook; real ones have two or three.</summary>
    private const int MostLanguages = 8;

    private readonly DocumentStore _cells = new();
    private readonly ConcurrentDictionary<string, NotebookSnapshot> _notebooks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _notebookOf = new(StringComparer.Ordinal); // by the cell's URI

    public IEnumerable<NotebookSnapshot> Notebooks => _notebooks.Values;

    /// <returns>Null where it is not open.</returns>
    public NotebookSnapshot? Find(string uri) => _notebooks.GetValueOrDefault(uri);

    /// <summary>Takes the notebook as it is given, also in place of one that is open already.</summary>
    /// <param name="uri">The notebook.</param>
    /// <param name="cells">URIs of its cells, in order.</param>
    /// <param name="texts">Their documents; a cell without one counts as empty.</param>
    public NotebookSnapshot Open(string uri, IReadOnlyList<string> cells, IEnumerable<DocumentSnapshot> texts)
    {
        Close(uri);
        Take(texts);
        return Put(uri, cells);
    }

    /// <summary>Applies one change notification. What can't be applied puts the notebook, or the cell alone, out of step.</summary>
    /// <param name="uri">The notebook.</param>
    /// <param name="change">What changed.</param>
    /// <param name="encoding">What the changes' characters count.</param>
    /// <returns>Sentences to log: one for each time that something fell out of step.</returns>
    public IReadOnlyList<string> Change(string uri, NotebookChange change, PositionEncoding encoding)
    {
        if (Find(uri) is not { } notebook) return Lose(uri, $"A change came for {uri}, which is not open.");
        if (notebook.IsOutOfStep) return [];
        var cells = notebook.Cells;
        if (change.Splice is { } splice)
        {
            if (splice.Start < 0 || splice.DeleteCount < 0 || splice.Start > cells.Count || splice.DeleteCount > cells.Count - splice.Start)
            {
                return Lose(uri, $"A change of {uri} is about cells {splice.Start} to {(long)splice.Start + splice.DeleteCount}, and it has {cells.Count}.");
            }

            cells = [.. cells.Take(splice.Start), .. splice.Cells, .. cells.Skip(splice.Start + splice.DeleteCount)];
        }

        foreach (var cell in change.Closed) Forget(uri, cell);
        Take(change.Opened);
        if (change.Splice is not null || change.Opened.Count > 0 || change.Closed.Count > 0) notebook = Put(uri, cells);
        var problems = new List<string>();
        foreach (var edit in change.Edits)
        {
            if (_cells.Change(edit.Uri, edit.Version, edit.Changes, encoding).Problem is { } problem) problems.Add(problem);
            notebook = Redone(notebook, edit.Uri);
        }

        _notebooks[uri] = notebook;
        return problems;
    }

    /// <summary>A change came that can't even be read: the cells are unknown from here on.</summary>
    /// <returns>A sentence to log, if it is news.</returns>
    public IReadOnlyList<string> MarkOutOfStep(string uri, string reason) => Lose(uri, $"A change of {uri} could not be read. {reason}");

    /// <summary>Forgets a notebook and its cells. False where it was not open.</summary>
    public bool Close(string uri)
    {
        if (!_notebooks.TryRemove(uri, out _)) return false;
        foreach (var (cell, owner) in _notebookOf)
        {
            if (owner == uri) Forget(uri, cell); // also those that left it without a word
        }

        return true;
    }

    /// <summary>What is known of a cell's document.</summary>
    public DocumentState StateOf(string cell)
    {
        if (!_notebookOf.TryGetValue(cell, out var uri) || Find(uri) is not { } notebook) return DocumentState.NotOpen;
        return notebook.IsOutOfStep ? DocumentState.OutOfStep : _cells.StateOf(cell);
    }

    /// <summary>A cell in its notebook; null where its text isn't current, or it is no part of the notebook any more.</summary>
    public CellPlace? FindCell(string cell)
    {
        if (!_notebookOf.TryGetValue(cell, out var uri) || Find(uri) is not { } notebook || !_cells.TryGet(cell, out var document)) return null;
        var index = IndexOf(notebook, cell);
        return index >= 0 && notebook.TextIn(document.LanguageId) is { } text ? new CellPlace(document, text, text.StartOf(index)) : null;
    }

    /// <summary>The documents of a notebook's cells, those that are out of step as they were last known.</summary>
    public IReadOnlyList<DocumentSnapshot> CellsOf(NotebookSnapshot notebook)
    {
        var open = _cells.OpenDocuments().ToDictionary(static cell => cell.Uri, StringComparer.Ordinal);
        return [.. notebook.Cells.Distinct(StringComparer.Ordinal).Select(cell => open.GetValueOrDefault(cell)).OfType<DocumentSnapshot>()];
    }

    private void Take(IEnumerable<DocumentSnapshot> texts)
    {
        foreach (var text in texts) _cells.Open(text);
    }

    /// <summary>A cell that another notebook has by now stays that one's.</summary>
    private void Forget(string uri, string cell)
    {
        if (_notebookOf.TryGetValue(cell, out var owner) && owner != uri) return;
        _notebookOf.TryRemove(cell, out _);
        _cells.Close(cell);
    }

    private NotebookSnapshot Put(string uri, IReadOnlyList<string> cells)
    {
        foreach (var cell in cells) _notebookOf[cell] = uri;
        var documents = cells.Select(Current).ToList();
        var languages = documents.OfType<DocumentSnapshot>().Select(static cell => cell.LanguageId).Distinct(StringComparer.Ordinal).Take(MostLanguages);
        return _notebooks[uri] = new NotebookSnapshot(uri, cells, [.. languages.Select(language => NotebookText.Join(uri, language, documents))]);
    }

    private NotebookSnapshot Redone(NotebookSnapshot notebook, string cell)
    {
        var index = IndexOf(notebook, cell);
        return index < 0 ? notebook : notebook with { Texts = [.. notebook.Texts.Select(text => text.With(index, Current(cell)))] };
    }

    private IReadOnlyList<string> Lose(string uri, string problem)
    {
        if (Find(uri) is { IsOutOfStep: true }) return [];
        _notebooks[uri] = new NotebookSnapshot(uri, Find(uri)?.Cells ?? [], [], IsOutOfStep: true);
        return [problem];
    }

    private DocumentSnapshot? Current(string cell) => _cells.TryGet(cell, out var document) ? document : null;

    private static int IndexOf(NotebookSnapshot notebook, string cell)
    {
        for (var i = 0; i < notebook.Cells.Count; i++)
        {
            if (notebook.Cells[i] == cell) return i;
        }

        return -1;
    }
}
