namespace Infill.Completion.Documents;

/// <summary>One open notebook: its cells in their order, and a text for each of their languages. Never changes once made.</summary>
/// <param name="Uri">The notebook's URI exactly as the client writes it.</param>
/// <param name="Cells">The URIs of the cells' documents.</param>
/// <param name="Texts">One for each language of a cell, the first cell's first; none where the notebook is out of step.</param>
/// <param name="IsOutOfStep">A change could not be applied: its cells are unknown until it is opened again.</param>
public sealed record NotebookSnapshot(string Uri, IReadOnlyList<string> Cells, IReadOnlyList<NotebookText> Texts, bool IsOutOfStep = false)
{
    /// <summary>The text that a cell in that language is part of; null where there is none.</summary>
    public NotebookText? TextIn(string languageId) => Texts.FirstOrDefault(text => text.LanguageId == languageId);
}

/// <summary>A cell and what stands around it.</summary>
/// <param name="Document">The cell alone.</param>
/// <param name="Notebook">All cells as one text.</param>
/// <param name="Start">Where the cell begins in that text.</param>
public readonly record struct CellPlace(DocumentSnapshot Document, NotebookText Notebook, int Start);

/// <summary>From <paramref name="Start"/>, <paramref name="DeleteCount"/> cells go and <paramref name="Cells"/> come.</summary>
public sealed record CellSplice(int Start, int DeleteCount, IReadOnlyList<string> Cells);

/// <summary>The text of a cell changed.</summary>
/// <param name="Uri">The cell's.</param>
/// <param name="Version">Of its document, after the changes.</param>
/// <param name="Changes">In order; each is measured in the text left by the one before it.</param>
public sealed record CellEdit(string Uri, int Version, TextChange[] Changes);

/// <summary>One change notification of a notebook. Cells come, go and move first, then texts change.</summary>
public sealed record NotebookChange
{
    /// <summary>Null where the cells stay as they are.</summary>
    public CellSplice? Splice { get; init; }

    public IReadOnlyList<DocumentSnapshot> Opened { get; init; } = [];

    /// <summary>URIs of cells.</summary>
    public IReadOnlyList<string> Closed { get; init; } = [];

    public IReadOnlyList<CellEdit> Edits { get; init; } = [];

    /// <summary>Whether it leaves all texts as they were: a cell was run, say.</summary>
    public bool IsEmpty => Splice is null && Opened.Count == 0 && Closed.Count == 0 && Edits.Count == 0;
}
