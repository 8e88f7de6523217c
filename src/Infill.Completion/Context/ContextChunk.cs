using System.Collections.Immutable;

namespace Infill.Completion.Context;

/// <summary>Some whole lines of a file, with what is needed to compare them with others. Never changes.</summary>
/// <param name="Path">The file's name in prompts.</param>
/// <param name="FirstLine">From 0.</param>
/// <param name="LineCount">At least 1.</param>
/// <param name="Text">The lines with LF between them and none at the end.</param>
public sealed record ContextChunk(string Path, int FirstLine, int LineCount, string Text)
{
    /// <summary>Where in the file's UTF-8 the lines begin, and where they end, without the last line's break.</summary>
    public Range Bytes { get; init; }

    /// <summary>Hashes of its names, ascending, each once.</summary>
    internal ImmutableArray<int> Names { get; init; } = [];

    /// <summary>Hashes of the names that it defines, ascending, each once.</summary>
    internal ImmutableArray<int> Defined { get; init; } = [];
}

/// <summary>A chunk that goes into a prompt.</summary>
/// <param name="Chunk">Which.</param>
/// <param name="Reason">Why, in a few words for people.</param>
/// <param name="Score">How much it is worth beside others of the same choice.</param>
public sealed record ContextChoice(ContextChunk Chunk, string Reason, double Score);
