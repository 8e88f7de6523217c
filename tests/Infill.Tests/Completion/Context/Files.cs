using Infill.Completion.Context;
using Infill.Completion.Documents;

namespace Infill.Tests.Completion.Context;

/// <summary>Texts as the index takes them.</summary>
internal static class Files
{
    public static ContextSource Source(string path, string text) => new("file:///work/" + path, path, SourceText.From(text));

    public static async Task<ContextIndex> IndexAsync(params ContextSource[] sources)
    {
        var index = new ContextIndex(static _ => true);
        index.Refresh(sources, active: "");
        await index.Settled.WaitAsync(TimeSpan.FromSeconds(30));
        return index;
    }

    /// <summary>Splits a text with a cursor written as ‸.</summary>
    public static (SourceText Text, int Cursor) Place(string marked)
    {
        var cursor = marked.IndexOf('‸', StringComparison.Ordinal);
        return (SourceText.From(marked.Remove(cursor, 1)), cursor);
    }
}
