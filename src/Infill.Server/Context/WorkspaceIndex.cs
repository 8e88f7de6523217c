using Infill.Completion.Context;
using Infill.Completion.Documents;

namespace Infill.Server.Context;

/// <summary>Keeps the files of a workspace's folders in the index: walks each once, and takes in what changes after. Any thread; guarded by its lock.</summary>
/// <remarks>One background task reads and cuts; nobody waits for it. What is open is the index's own affair.</remarks>
/// <param name="index">Where they go.</param>
/// <param name="rules">What is left out.</param>
internal sealed class WorkspaceIndex(ContextIndex index, IgnoreRules rules)
{
    private readonly Lock _gate = new();
    private readonly Queue<string> _waiting = new(); // folders to walk and files to look at; guarded by _gate, as all below
    private IReadOnlyList<string> _folders = [];
    private HashSet<string> _known = new(StringComparer.Ordinal); // files that were taken in
    private Task _work = Task.CompletedTask;

    /// <summary>Completes when all that was known when it was asked is indexed.</summary>
    public Task Settled
    {
        get
        {
            lock (_gate) return _work;
        }
    }

    /// <summary>Takes in folders that it didn't know, and forgets the files of those that are gone. Returns at once.</summary>
    /// <param name="folders">Full paths, the longest first.</param>
    public void Follow(IReadOnlyList<string> folders)
    {
        lock (_gate)
        {
            if (folders.SequenceEqual(_folders)) return;
            var added = folders.Except(_folders, StringComparer.Ordinal).ToList();
            _folders = folders;
            foreach (var gone in _known.Where(file => FolderOf(file) is null).ToList())
            {
                _known.Remove(gone);
                index.Drop(gone);
            }

            foreach (var folder in added) Enqueue(folder);
        }
    }

    /// <summary>A file was written, removed, or closed by the editor. Returns at once.</summary>
    public void Changed(string file)
    {
        lock (_gate)
        {
            if (FolderOf(file) is not null) Enqueue(file);
        }
    }

    private void Enqueue(string path)
    {
        _waiting.Enqueue(path);
        if (_work.IsCompleted) _work = Task.Run(TakeAll);
    }

    private void TakeAll()
    {
        while (true)
        {
            string path;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out path!))
                {
                    _work = Task.CompletedTask; // under the lock, so that whoever adds more begins anew
                    return;
                }
            }

            if (Directory.Exists(path)) Walk(path);
            else Take(path, isWalked: false);
        }
    }

    private void Walk(string folder)
    {
        var characters = 0L;
        foreach (var file in new WorkspaceFiles(rules).WalkBelow(folder))
        {
            characters += Take(file, isWalked: true);
            if (characters > ContextIndex.MostCharacters) return;
        }
    }

    /// <returns>Its characters.</returns>
    private int Take(string file, bool isWalked)
    {
        string? folder;
        IReadOnlyList<string> folders;
        lock (_gate) (folder, folders) = (FolderOf(file), _folders);
        if (folder is null) return 0;
        var isWanted = isWalked || (WorkspaceFiles.IsSource(file) && !SecretScan.IsSecretName(file) && !rules.IsIgnored(file, folders));
        if (!isWanted || WorkspaceFiles.TryRead(file) is not { } text)
        {
            index.Drop(file);
            return 0;
        }

        lock (_gate) _known.Add(file);
        index.Put(new ContextSource(file, Path.GetRelativePath(folder, file).Replace('\\', '/'), text));
        return text.Length;
    }

    private string? FolderOf(string file) => _folders.FirstOrDefault(folder => file.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal));
}
