using Infill.Completion.Context;
using Infill.Completion.Documents;

namespace Infill.Server.Context;

/// <summary>Context for one place in a file on disk: the other files of its repository, or of its folder where it is in none.</summary>
internal static class SiblingContext
{
    /// <summary>Chunks for the place, the best first. Reads the disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its text.</param>
    /// <param name="cursor">Offset in it.</param>
    /// <param name="tokens">About how many tokens they may have together.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public static async Task<IReadOnlyList<ContextChoice>> ChooseAsync(string path, SourceText text, int cursor, int tokens, CancellationToken cancellationToken)
    {
        if (tokens == 0) return [];
        var file = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(file)!;
        var rules = IgnoreRules.ForContext();
        var root = IgnoreRules.RootOf(folder, []);
        var index = new ContextIndex(static _ => true);
        var sources = new List<ContextSource>();
        var characters = 0;
        foreach (var other in new WorkspaceFiles(rules).Walk(root, rules.IsIgnored(file, []) ? root : folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (other == file || WorkspaceFiles.TryRead(other) is not { } read) continue;
            characters += read.Length;
            if (characters > WorkspaceFiles.MostCharacters) break;
            sources.Add(new ContextSource(other, NameOf(other), read));
        }

        index.Refresh(sources, active: "");
        await index.Settled.WaitAsync(cancellationToken);
        return new ContextChooser(index, TimeProvider.System).Choose(file, NameOf(file), text, cursor, tokens);

        string NameOf(string each) => Path.GetRelativePath(root, each).Replace('\\', '/');
    }
}
