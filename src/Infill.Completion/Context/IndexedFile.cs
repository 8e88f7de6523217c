using System.Collections.Immutable;
using Infill.Completion.Documents;

namespace Infill.Completion.Context;

/// <summary>A text that may become context.</summary>
/// <param name="Key">Tells it from others: its URI, or its full path.</param>
/// <param name="Path">Its name in prompts.</param>
/// <param name="Text">As it is now.</param>
public sealed record ContextSource(string Key, string Path, SourceText Text);

/// <summary>A file as it was when it was cut. Never changes.</summary>
/// <param name="Key">As its source's.</param>
/// <param name="Path">As its source's.</param>
/// <param name="Text">The document that it was cut from: another reference is another text. Null where it is a file on disk, which is not kept.</param>
/// <param name="Chunks">None where its text must not enter a prompt.</param>
internal sealed record IndexedFile(string Key, string Path, SourceText? Text, ImmutableArray<ContextChunk> Chunks)
{
    /// <summary>Characters of memory that it holds.</summary>
    public int Characters { get; } = Chunks.Sum(static chunk => chunk.Text.Length);
}
