namespace Infill.Completion.Context;

/// <summary>The files that context may come from, cut into chunks. A file is cut again where its text has changed, in the background.</summary>
/// <remarks>Bounded: beyond <see cref="MostCharacters"/> the files that were cut longest ago go first. Any thread; guarded by its lock.</remarks>
/// <param name="admits">Whether a document may enter prompts at all; asked in the background, so it may read the disk.</param>
/// <param name="mostCharacters">What all chunks may hold together.</param>
public sealed class ContextIndex(Func<ContextSource, bool> admits, int mostCharacters = ContextIndex.MostCharacters)
{
    /// <summary>8 MB of memory, and as much again for what chunks are compared by; a choice among them takes some milliseconds.</summary>
    public const int MostCharacters = 4_000_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ContextSource> _open = new(StringComparer.Ordinal); // guarded by _gate, as all below; the documents as they are now
    private readonly Dictionary<string, ContextSource> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IndexedFile> _files = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _order = []; // their keys, the one that was cut last at the end
    private IReadOnlyList<IndexedFile>? _all; // null where _files has changed since
    private long _held;
    private Task _work = Task.CompletedTask;

    /// <summary>Completes when all documents that were known when it was asked are cut.</summary>
    public Task Settled
    {
        get
        {
            lock (_gate) return _work;
        }
    }

    /// <summary>How many files are indexed.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _files.Count;
        }
    }

    /// <summary>Takes in the open documents as they are now, and forgets those that are not among them. Returns at once.</summary>
    /// <param name="documents">Their texts; one that is the same reference as before costs nothing.</param>
    /// <param name="active">The key of the document that is being typed in, which is cut when it no longer is.</param>
    public void Refresh(IEnumerable<ContextSource> documents, string active)
    {
        lock (_gate)
        {
            var closed = new HashSet<string>(_open.Keys, StringComparer.Ordinal);
            foreach (var document in documents)
            {
                closed.Remove(document.Key);
                _open[document.Key] = document;
                if (document.Key != active) Await(document);
            }

            foreach (var key in closed)
            {
                _open.Remove(key);
                _waiting.Remove(key);
                Remove(key);
            }
        }
    }

    /// <summary>Takes in a file that nobody has open, as it is on disk; cut by the caller's thread. Ignored where it is open, or where there is no room.</summary>
    public void Put(ContextSource file)
    {
        var cut = new IndexedFile(file.Key, file.Path, Text: null, ContextFilter.Admits(file.Path, file.Text) ? FileChunker.Cut(file.Path, file.Text) : []);
        lock (_gate)
        {
            if (_open.ContainsKey(file.Key)) return;
            Remove(file.Key);
            if (cut.Chunks.Length > 0 && _held + cut.Characters <= mostCharacters) Add(cut);
        }
    }

    /// <summary>Forgets a file, unless it is open.</summary>
    public void Drop(string key)
    {
        lock (_gate)
        {
            if (!_open.ContainsKey(key)) Remove(key);
        }
    }

    /// <summary>What is indexed now.</summary>
    /// <param name="isWhole">Whether no document waits to be cut.</param>
    internal IReadOnlyList<IndexedFile> Files(out bool isWhole)
    {
        lock (_gate)
        {
            isWhole = _work.IsCompleted;
            return _all ??= [.. _order.Select(key => _files[key])];
        }
    }

    private void Await(ContextSource source)
    {
        if (_files.TryGetValue(source.Key, out var known) && ReferenceEquals(known.Text, source.Text) && known.Path == source.Path) return;
        _waiting[source.Key] = source;
        if (_work.IsCompleted) _work = Task.Run(CutAll);
    }

    private void CutAll()
    {
        while (true)
        {
            ContextSource source;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _work = Task.CompletedTask; // under the lock, so that whoever adds more begins anew
                    return;
                }

                (_, source) = _waiting.First();
            }

            // One that may not be seen is kept without chunks, so that it is not asked for again.
            var file = new IndexedFile(source.Key, source.Path, source.Text, admits(source) && ContextFilter.Admits(source.Path, source.Text) ? FileChunker.Cut(source.Path, source.Text) : []);
            lock (_gate)
            {
                if (_waiting.GetValueOrDefault(source.Key) == source) _waiting.Remove(source.Key);
                if (!_open.ContainsKey(source.Key)) continue;
                Remove(file.Key);
                Add(file);
                while (_held > mostCharacters) Remove(_order.First!.Value);
            }
        }
    }

    private void Add(IndexedFile file)
    {
        _files[file.Key] = file;
        _order.AddLast(file.Key);
        _held += file.Characters;
        _all = null;
    }

    private void Remove(string key)
    {
        if (!_files.Remove(key, out var file)) return;
        _order.Remove(key);
        _held -= file.Characters;
        _all = null;
    }
}
