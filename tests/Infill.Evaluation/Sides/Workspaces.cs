using Infill.Completion.Context;
using Infill.Completion.Documents;
using Infill.Evaluation.Places;

namespace Infill.Evaluation.Sides;

/// <summary>What a session has indexed whose workspace is the package of the file: its other files, as they are on disk. One thread at a time.</summary>
/// <param name="files">Of all packages.</param>
internal sealed class Workspaces(IReadOnlyList<SourceFile> files)
{
    private readonly Dictionary<string, ContextIndex> _indices = new(StringComparer.Ordinal);

    /// <summary>The index of a file's package; made when it is asked for first. The file itself is in it, and never chosen for itself.</summary>
    public ContextIndex Of(SourceFile file)
    {
        if (_indices.TryGetValue(file.Package, out var known)) return known;
        var index = _indices[file.Package] = new ContextIndex(static _ => true);
        foreach (var other in files.Where(other => other.Package == file.Package))
        {
            index.Put(new ContextSource(other.Path, other.Path, SourceText.From(other.Text)));
        }

        return index;
    }
}
