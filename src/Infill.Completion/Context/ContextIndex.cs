using System.Collections.Immutable;

namespace Infill.Completion.Context;

/// <summary>The files that context may come from, cut into chunks. A file is cut again where its text has changed, in the background.</summary>
/// <remarks>Bounded: beyond <see cref="MostCharacters"/> the files that were cut longest ago go first. Any thread; guarded by its lock.</remarks>
/// <param name="admits">Whether a file may enter prompts at all; asked in the background, so it may read the disk.</param>
/// <param name="mostCharacters">What all chunks may hold together.</param>
public sealed class ContextIndex(Func<ContextSource, bool> admits, int mostCharacters = ContextIndex.MostCharacters)
{
    /// <summary>16 MB of memory, and as much again for what chunks are compared by.</summary>
    public const int MostCharacters = 8_000_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ContextSource> _open = new(StringComparer.Ordinal); // guarded by _gate, as all below; the documents as they are now
    private readonly Dictionary<string, ContextSource> _waiting = new(StringComparer.Ordinal);
    private ImmutableList<IndexedFile> _files = []; // the one that was cut last at the end
    private Task _work = Task.CompletedTask;

    /// <summary>Completes when all that was known when it was asked is cut.</summary>
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
                _files = _files.RemoveAll(file => file.Key == key);
            }
        }
    }

    /// <summary>What is indexed now.</summary>
    /// <param name="isWhole">Whether nothing waits to be cut.</param>
    internal IReadOnlyList<IndexedFile> Files(out bool isWhole)
    {
        lock (_gate)
        {
            isWhole = _work.IsCompleted;
            return _files;
        }
    }

    private void Await(ContextSource source)
    {
        if (_files.Find(file => file.Key == source.Key) is { } known && ReferenceEquals(known.Text, source.Text) && known.Path == source.Path) return;
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
                if (_open.ContainsKey(source.Key)) Add(file);
            }
        }
    }

    private void Add(IndexedFile file)
    {
        _files = _files.RemoveAll(known => known.Key == file.Key).Add(file);
        var held = _files.Sum(static known => (long)known.Characters);
        while (held > mostCharacters && _files.Count > 0)
        {
            held -= _files[0].Characters;
            _files = _files.RemoveAt(0);
        }
    }
}
