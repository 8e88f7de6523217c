using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Infill.Completion.Documents;

/// <summary>What the store knows of a document.</summary>
public enum DocumentState
{
    /// <summary>Never opened, or closed again.</summary>
    NotOpen,

    /// <summary>Open, and the text is the client's.</summary>
    Current,

    /// <summary>A change could not be applied: the text is unknown until the next open or full-text change.</summary>
    OutOfStep,
}

/// <summary>What became of one change notification.</summary>
/// <param name="Snapshot">The document after the change; null where the document is out of step.</param>
/// <param name="Problem">A sentence to log: set on the change that put the document out of step, and on no later one.</param>
public readonly record struct ChangeResult(DocumentSnapshot? Snapshot, string? Problem);

/// <summary>
/// The current snapshot of each open document of one editor. The dispatch loop alone may open, change and
/// close; any thread may read at any time, and sees a whole snapshot or none.
/// </summary>
/// <remarks>Nobody is notified: whoever changes a document knows it, and holds the result.</remarks>
public sealed class DocumentStore
{
    private readonly ConcurrentDictionary<string, Entry> _documents = new(StringComparer.Ordinal);

    /// <summary>Takes the document as it is given, also in place of one that is open already.</summary>
    public DocumentSnapshot Open(string uri, string languageId, int version, string text) =>
        Open(new DocumentSnapshot(uri, languageId, version, SourceText.From(text)));

    public DocumentSnapshot Open(DocumentSnapshot document)
    {
        _documents[document.Uri] = new Entry(document, IsOutOfStep: false);
        return document;
    }

    /// <summary>Applies one change notification, or puts its document out of step. Never throws for bad edits.</summary>
    /// <param name="uri">The document's URI as it was opened.</param>
    /// <param name="version">Its version after the changes: higher than before, unless a change carries the full text.</param>
    /// <param name="changes">In order; each is measured in the text left by the one before it.</param>
    /// <param name="encoding">What the changes' characters count.</param>
    public ChangeResult Change(string uri, int version, ReadOnlySpan<TextChange> changes, PositionEncoding encoding)
    {
        if (!_documents.TryGetValue(uri, out var entry) || entry.Snapshot is not { } snapshot)
        {
            // Its language is unknown, so even the full text would not make it a document.
            return FallOutOfStep(uri, entry, $"A change came for {uri}, which is not open.");
        }

        // What comes before a full text has no effect, so that text ends any disorder, whatever its version.
        var fullText = LastFullText(changes);
        if (fullText >= 0)
        {
            changes = changes[fullText..];
        }
        else if (entry.IsOutOfStep)
        {
            return default;
        }
        else if (version <= snapshot.Version)
        {
            return FallOutOfStep(
                uri, entry, $"A change of {uri} to version {version} came when version {snapshot.Version} was known.");
        }

        try
        {
            var changed = snapshot.Apply(version, changes, encoding);
            _documents[uri] = new Entry(changed, IsOutOfStep: false);
            return new ChangeResult(changed, Problem: null);
        }
        catch (TextChangeException exception)
        {
            return FallOutOfStep(uri, entry, $"A change of {uri} to version {version} failed. {exception.Message}");
        }
    }

    /// <summary>A change came that can't even be read: the text is unknown from here on.</summary>
    /// <returns>A sentence to log; null where the document was out of step already.</returns>
    public string? MarkOutOfStep(string uri, string reason) =>
        FallOutOfStep(uri, _documents.GetValueOrDefault(uri), $"A change of {uri} could not be read. {reason}").Problem;

    /// <summary>Forgets the document. False where it was not open.</summary>
    public bool Close(string uri) => _documents.TryRemove(uri, out var entry) && entry.Snapshot is not null;

    /// <summary>The current snapshot; false where the document is not open or out of step (<see cref="StateOf"/> says which).</summary>
    public bool TryGet(string uri, [NotNullWhen(true)] out DocumentSnapshot? snapshot)
    {
        snapshot = _documents.TryGetValue(uri, out var entry) && !entry.IsOutOfStep ? entry.Snapshot : null;
        return snapshot is not null;
    }

    public DocumentState StateOf(string uri)
    {
        if (!_documents.TryGetValue(uri, out var entry)) return DocumentState.NotOpen;
        return entry.IsOutOfStep ? DocumentState.OutOfStep : DocumentState.Current;
    }

    /// <summary>Every document whose text is current, each at some moment of the enumeration, in no order.</summary>
    public IEnumerable<DocumentSnapshot> CurrentDocuments()
    {
        foreach (var (_, entry) in _documents)
        {
            if (!entry.IsOutOfStep && entry.Snapshot is { } snapshot) yield return snapshot;
        }
    }

    /// <summary>Every document that is open, one that is out of step as it was last known; in no order.</summary>
    public IEnumerable<DocumentSnapshot> OpenDocuments()
    {
        foreach (var (_, entry) in _documents)
        {
            if (entry.Snapshot is { } snapshot) yield return snapshot;
        }
    }

    private ChangeResult FallOutOfStep(string uri, Entry? entry, string problem)
    {
        if (entry is { IsOutOfStep: true }) return default;
        _documents[uri] = new Entry(entry?.Snapshot, IsOutOfStep: true);
        return new ChangeResult(Snapshot: null, problem);
    }

    private static int LastFullText(ReadOnlySpan<TextChange> changes)
    {
        for (var i = changes.Length - 1; i >= 0; i--)
        {
            if (changes[i].IsFullText) return i;
        }

        return -1;
    }

    /// <summary>One document, replaced as a whole. Out of step, its snapshot is the last one known; null, if it was never opened.</summary>
    private sealed record Entry(DocumentSnapshot? Snapshot, bool IsOutOfStep);
}
