using System.Collections.Concurrent;
using Infill.Completion.Context;
using Infill.Completion.Documents;
using Infill.Completion.Shaping;
using Infill.Engine;

namespace Infill.Server.Context;

/// <summary>What one editor's other files give to a prompt. Any thread.</summary>
/// <remarks>Nothing is read or cut on the way of a request: it takes what is indexed by then.</remarks>
internal sealed class SessionContext
{
    private readonly Session _session;
    private readonly Action _watchFiles;
    private int _isFollowing; // 1 once it follows the workspace; any thread
    private readonly ContextChooser _chooser;
    private readonly BetterContext _better = new();
    private readonly IgnoreRules _ignored = IgnoreRules.ForContext();
    private readonly IgnoreRules _keptOut = IgnoreRules.ForSuggestions();
    private readonly ConcurrentDictionary<string, bool> _maySuggest = new(StringComparer.Ordinal); // by URI, until it is closed

    /// <param name="session">Its documents and folders.</param>
    /// <param name="time">Clock of pauses.</param>
    /// <param name="watchFiles">Has the client tell what becomes of files; called once, when they first matter.</param>
    public SessionContext(Session session, TimeProvider time, Action watchFiles)
    {
        _session = session;
        _watchFiles = watchFiles;
        Index = new ContextIndex(source => !IsSecret(source.Key) && !IsIn(_ignored, source.Key));
        Workspace = new WorkspaceIndex(Index, _ignored);
        _chooser = new ContextChooser(Index, time);
    }

    /// <summary>The files of the workspace's folders.</summary>
    public WorkspaceIndex Workspace { get; }

    public ContextIndex Index { get; }

    /// <summary>Completes when no better choice is looked for any more.</summary>
    public Task Improved => _better.Looked;

    /// <summary>False in a file that looks as if it held secrets, or that .infillignore names: no part of it may enter a prompt.</summary>
    /// <remarks>Looked up once for each opening, off the dispatch loop.</remarks>
    public bool MaySuggestIn(string uri) => _maySuggest.GetOrAdd(uri, asked => !IsSecret(asked) && !IsIn(_keptOut, asked));

    /// <summary>Chunks of other files for a place, the best first; none where there may be none.</summary>
    /// <param name="uri">The document's, or the notebook's.</param>
    /// <param name="path">Its name in prompts.</param>
    /// <param name="text">Its text.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="tokens">About how many tokens they may have together.</param>
    public IReadOnlyList<ContextChoice> Choose(string uri, string path, SourceText text, int cursor, int tokens)
    {
        if (tokens == 0) return [];
        Refresh(KeyOf(uri));
        return _chooser.Choose(KeyOf(uri), path, text, cursor, tokens);
    }

    /// <summary>
    /// After a suggestion, when nobody waits: where the user has come to a line for which other chunks are clearly better, their
    /// prompt is computed and then they are the choice. Returns at once; one at a time, until the document is closed.
    /// </summary>
    /// <param name="uri">As for <see cref="Choose"/>, like the next ones.</param>
    /// <param name="path">Its name in prompts.</param>
    /// <param name="text">Its text.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="tokens">About how many tokens they may have together.</param>
    /// <param name="prepare">Has the prompt with these chunks computed; false where that wasn't done.</param>
    public void Improve(string uri, string path, SourceText text, int cursor, int tokens, Func<IReadOnlyList<ContextChoice>, CancellationToken, Task<bool>> prepare)
    {
        if (tokens == 0) return;
        var key = KeyOf(uri);
        _better.Begin(key, () => _session.Documents.TryGet(uri, out _) || _session.Notebooks.Find(uri) is not null, ImproveAsync);

        async Task ImproveAsync(CancellationToken closed)
        {
            try
            {
                if (_chooser.Improve(key, path, text, cursor, tokens) is not { } better || !await prepare(better, closed)) return;
                _chooser.Take(key, better, text.LineOf(cursor));
            }
            catch (EngineException)
            {
                // Whoever asks for a suggestion is told what is wrong.
            }
        }
    }

    /// <summary>A document was opened: it is cut at once, so that it is there when another one is typed in.</summary>
    public void Opened(string uri)
    {
        if (_session.Settings.Prompt.ContextTokens > 0) Refresh(active: "");
    }

    /// <summary>A document was closed: nothing of it enters a prompt any more.</summary>
    public void Closed(string uri)
    {
        if (Index.Count > 0) Refresh(active: "");
        _better.Closed(KeyOf(uri));
        _chooser.Forget(KeyOf(uri));
        _maySuggest.TryRemove(uri, out _);
        ChangedOnDisk(uri); // what is on disk may be something else
    }

    /// <summary>A file was written or removed, by whomever.</summary>
    public void ChangedOnDisk(string uri)
    {
        if (Index.Count > 0 && Conversions.ToFile(uri) is { } file) Workspace.Changed(file);
    }

    private void Refresh(string active)
    {
        if (Interlocked.Exchange(ref _isFollowing, 1) == 0) _watchFiles();
        Workspace.Follow([.. _session.Folders.Select(Conversions.ToFile).OfType<string>()]);
        var documents = _session.Documents.CurrentDocuments().Select(document => new ContextSource(KeyOf(document.Uri), PathOf(document.Uri), document.Text));
        Index.Refresh(documents.Concat(Notebooks()), active);
    }

    /// <summary>Each as its first cell that isn't prose has it.</summary>
    private IEnumerable<ContextSource> Notebooks()
    {
        foreach (var notebook in _session.Notebooks.Notebooks)
        {
            if ((notebook.Texts.FirstOrDefault(static text => CodeLanguage.ById(text.LanguageId).IsKnown) ?? (notebook.Texts is [var first, ..] ? first : null)) is not { } text) continue;
            yield return new ContextSource(KeyOf(notebook.Uri), Conversions.ToPromptPath(text, _session.Folders), text.Text);
        }
    }

    /// <summary>A document and its file are one in the index.</summary>
    private static string KeyOf(string uri) => Conversions.ToFile(uri) ?? uri;

    private static bool IsSecret(string uri) => SecretScan.IsSecretName(Uri.UnescapeDataString(uri));

    /// <summary>Of a URI or a file; false for documents that are no files: no rule is for them.</summary>
    private bool IsIn(IgnoreRules rules, string uri) =>
        (Path.IsPathFullyQualified(uri) ? uri : Conversions.ToFile(uri)) is { } file && rules.IsIgnored(file, [.. _session.Folders.Select(Conversions.ToFile).OfType<string>()]);

    private string PathOf(string uri) => Conversions.ToPromptPath(uri, _session.Folders);
}
